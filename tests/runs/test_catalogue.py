"""The items of a run by number, and users to show."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ltgnn.runs.catalogue import EXAMPLES, LONGEST, examples, titles, write_catalogue
from ltgnn.runs.folder import RunFolder
from ltgnn.testing import toy
from ltgnn.types import Dataset


def test_titles() -> None:
    made = Dataset(
        "x",
        {"all": toy.interactions()},
        [],
        ["a", "b"],
        item_fields={"brand": ["x", "y"], "name": ["a\n b", "c" * 500]},
    )
    assert titles(made) == ["a b", "c" * (LONGEST - 1) + "…"]


def test_users_from_the_shortest_history_to_the_longest() -> None:
    split = toy.split()
    found = examples(toy.dataset(), split, {"toy": toy.groups()})
    sizes = [user["size"] for user in found["users"]]
    assert len(sizes) <= EXAMPLES
    assert sizes == sorted(sizes)
    for user in found["users"]:
        assert sorted(user["held_out"]) == split.test.items[split.test.users == user["user"]].sort().values.tolist()


def test_the_table_of_items(tmp_path: Path) -> None:
    write_catalogue(RunFolder(tmp_path), toy.dataset(), toy.split(), {"toy": toy.groups()})
    items = pl.read_parquet(tmp_path / "items.parquet")
    assert items["train_count"].to_list() == toy.interactions().item_counts.tolist()
    assert items["group_toy"][toy.COLD] == "cold"

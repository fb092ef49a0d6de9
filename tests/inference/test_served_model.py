"""Lists from the command line: each format has the same rows, reasons are facts of the data, mistakes are named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
import torch

import ltgnn
from ltgnn.commands.recommend import main
from ltgnn.commands.similar import main as similar
from ltgnn.types import UserError


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "parquet"])
def test_each_format_has_the_rows_of_the_model(runs: dict[str, Path], tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"lists.{suffix}"
    assert main([f"run={runs['gnn']}", "users=all", "k=4", f"out={out}"]) == 0
    wanted = ltgnn.load(runs["gnn"]).recommend(k=4)
    readers = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}
    found = pl.DataFrame(json.loads(out.read_text())) if suffix == "json" else readers[suffix](out)
    assert found.height == wanted.height == 80 * 4
    for column in ("user", "item", "title", "group", "reason"):
        assert found[column].to_list() == wanted[column].to_list()
    assert found["score"].to_list() == pytest.approx(wanted["score"].to_list())
    assert list(tmp_path.iterdir()) == [out]


def test_blocks_of_a_long_stream_are_the_lists_of_the_users(runs: dict[str, Path], tmp_path: Path) -> None:
    """More users than a block holds: the stream is not taken in at once, and each list is the same wherever it is."""
    model = ltgnn.load(runs["gnn"])
    taken = 0

    def stream() -> object:
        nonlocal taken
        for taken in range(1, 20_001):
            yield f"u{taken % 90}"  # u80 .. u89 are unknown

    blocks = model.blocks(stream(), 3)  # type: ignore[arg-type]
    first = next(blocks)
    assert taken == len(first.names) < 20_000
    single = {name: model.recommend([name], 3)["item"].to_list() for name in {"u7", "u80", "u89", "u0"}}
    for block in (first, *blocks):
        frame = block.frame(model, reasons=False)
        for name, items in single.items():
            mine = frame.filter(pl.col("user") == name)["item"].to_list()
            assert mine == items * (len(mine) // 3)
    assert taken == 20_000


def test_the_table_names_unknown_users(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "users.txt").write_text("u3\nnobody\n")
    assert main([f"run={runs['ease']}", f"users=@{tmp_path / 'users.txt'}", "k=2"]) == 0
    shown = capsys.readouterr().out
    assert "User u3" in shown
    assert "User nobody (unknown to the model: most popular items)" in shown
    assert similar(["i3", f"run={runs['gnn']}", "k=2", "by=features"]) == 0
    assert "the garden number 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["users=@nowhere"], "file not found"),
        (["users=,"], "users= is empty"),
        (["k=0"], "k=0 given, a whole number of at least 1"),
        (["k=many"], "k=many given"),
        (["out=x.xlsx"], "ends in .csv"),
        (["user=3"], "Did you mean 'users='"),
        (["reasons=maybe"], "one of true, false"),
    ],
)
def test_mistakes_are_named(runs: dict[str, Path], words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        main([f"run={runs['popular']}", *words])


def test_similar_refuses_what_is_not_there(runs: dict[str, Path]) -> None:
    with pytest.raises(UserError, match="no item vectors"):
        similar(["i3", f"run={runs['ease']}", "by=model"])
    with pytest.raises(UserError, match=r"is not among the .* item ids of this data"):
        similar(["x3", f"run={runs['ease']}"])
    assert torch.isfinite(torch.tensor(ltgnn.load(runs["ease"]).similar("i3")["cosine"].to_list())).all()

"""A run keeps what a closed form computed, and no command computes it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import torch

from ltgnn.inference.finished_run import open_run
from ltgnn.runs.fitted_tables import keep_tables, read_tables
from ltgnn.runs.folder import FITTED
from ltgnn.scoring.item_weights import ItemItemWeights
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import InnerProduct, WeightedSum
from ltgnn.types import ClosedForm, Damaged, Interactions
from tests.conftest import run_folders

Launch = Callable[..., int]

RESIDUAL = ("fusion=init", "loss=residual", "sampler=in_batch", "loss.ranking.folds=2")


def train_part() -> Interactions:
    return Interactions(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 2]), 2, 4)


def refuse_to_fit(monkeypatch: pytest.MonkeyPatch, *targets: str) -> None:
    def fit(self: ClosedForm, *parts: object) -> None:
        raise AssertionError("fitted again")

    for target in targets:
        monkeypatch.setattr(f"{target}.fit", fit)


@pytest.mark.parametrize(
    ("words", "target"),
    [
        (["model=ease_local"], "ltgnn.models.closed_form.local_ease.LocalEASE"),
        (["model=ease_local", "score=content"], "ltgnn.models.closed_form.local_ease.LocalEASE"),
        (["model=item_knn"], "ltgnn.models.closed_form.neighbours.ItemKNN"),
        (["model=elsa"], "ltgnn.models.closed_form.elsa.ELSA"),
        (["model=als"], "ltgnn.models.closed_form.als.ALS"),
        (RESIDUAL, "ltgnn.models.closed_form.local_ease.LocalEASE"),
    ],
)
def test_lists_come_from_what_the_run_keeps(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], target: str
) -> None:
    assert launch(*words) == 0
    (run,) = run_folders(tmp_path / "logs")
    assert (run / FITTED).is_file()
    refuse_to_fit(monkeypatch, target)
    served = open_run(run)
    lists = pl.read_parquet(run / "topk.parquet")
    users = [served.catalogue.user_ids[user] for user in lists["user"]]
    k = len(lists["items"][0])
    shown = served.recommend(users, k=k, reasons=False)
    items = pl.read_parquet(run / "items.parquet")["id"]
    listed = [[items[item] for item in row if item >= 0] for row in lists["items"].to_list()]
    assert shown.group_by("user", maintain_order=True).agg("item")["item"].to_list() == listed


def test_dense_weights_are_computed_again(launch: Launch, tmp_path: Path) -> None:
    assert launch("model=ease") == 0
    (run,) = run_folders(tmp_path / "logs")
    assert not (run / FITTED).exists()
    assert open_run(run).num_items


def test_a_run_without_checkpoints_keeps_none(launch: Launch, tmp_path: Path) -> None:
    assert launch("model=ease_local", "callbacks.checkpoint=null") == 0
    (run,) = run_folders(tmp_path / "logs")
    assert not (run / FITTED).exists()
    assert open_run(run).num_items


def test_an_unfinished_run_leaves_no_table_to_the_next(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"paths.run_dir={tmp_path / 'run'}"
    with monkeypatch.context() as broken:
        broken.setattr("ltgnn.training.loop.cold_items", None)
        with pytest.raises(TypeError):
            launch("model=ease_local", place)
    assert (tmp_path / "run" / FITTED).is_file()
    assert launch("model=ease", place) == 0
    assert not (tmp_path / "run" / FITTED).exists()


def test_candidates_and_values_are_the_same(tmp_path: Path) -> None:
    known = torch.tensor([True, True, False, True])
    kept = mask_items(InnerProduct(torch.randn(2, 3), torch.randn(3, 4)), known)
    keep_tables(tmp_path, kept)
    found = read_tables(tmp_path, train_part())
    users = torch.arange(2)
    assert found is not None
    assert torch.equal(found(users), kept(users))
    assert found.candidates is not None
    assert torch.equal(found.candidates, known)


def test_what_is_no_single_small_table_is_not_kept(tmp_path: Path) -> None:
    inner = InnerProduct(torch.randn(2, 3), torch.randn(3, 4))
    keep_tables(tmp_path, WeightedSum([(1.0, inner), (2.0, inner)]))
    keep_tables(tmp_path, ItemItemWeights(*train_part().by_user, torch.randn(4, 4)))
    assert read_tables(tmp_path, train_part()) is None


@pytest.mark.parametrize("content", [b"", b"not a table", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FITTED).parent.mkdir()
    (tmp_path / FITTED).write_bytes(content)
    with pytest.raises(Damaged, match=r"fitted\.safetensors cannot be read .* Train the run again"):
        read_tables(tmp_path, train_part())


def test_a_table_of_other_users_is_named(tmp_path: Path) -> None:
    keep_tables(tmp_path, mask_items(InnerProduct(torch.randn(2, 3), torch.randn(3, 5)), torch.ones(5) > 2))
    with pytest.raises(Damaged, match="fits 5 items, and the run has 4"):
        read_tables(tmp_path, train_part())

"""Lists from an index: those of the exact way where the index proposes enough, and how much is lost elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import random_array
from torch import Tensor

from ltgnn.cli import main
from ltgnn.evaluation.topk import top_k
from ltgnn.inference import approximate_lists
from ltgnn.inference.approximate_lists import ApproximateLists, best_entries
from ltgnn.inference.search.index import KINDS, Nearest
from ltgnn.models.closed_form.matrix import binary
from ltgnn.scoring.item_weights import ItemItemWeights, SparseItemItemWeights
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import InnerProduct, ItemBias, WeightedSum
from ltgnn.tensors.csr import union_by_user
from ltgnn.types import Interactions, Scorer, UserError
from tests.conftest import run_folders

BLOCK_MIB = 1.0


def brute_force(unit: Tensor) -> Nearest:
    torch.testing.assert_close(unit.norm(dim=1), torch.ones(len(unit)), rtol=1e-5, atol=1e-5)

    def nearest(vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
        cosines, rows = (vectors @ unit.T).topk(k)
        return rows, cosines

    return nearest


def problem(users: int, items: int, seed: int) -> tuple[Scorer, Interactions]:
    """A sum of inner products, sparse weights and numbers of the items, of which some are no candidates."""
    draw = torch.Generator().manual_seed(seed)
    keys = torch.randperm(users * items, generator=draw)[: users * items // 5].sort().values
    train = Interactions(keys // items, keys % items, users, items)
    inner = InnerProduct(
        torch.randn(users, 4, generator=draw),
        (torch.rand(items, generator=draw) * 3 * torch.randn(4, items, generator=draw)).contiguous(),
    )
    weights = random_array((items, items), density=0.1, format="csr", rng=seed, dtype="float32")
    parts = [
        (1.0, inner),
        (2.0, SparseItemItemWeights(binary(train), weights)),
        (0.5, ItemBias(torch.randn(items, generator=draw))),
    ]
    return mask_items(WeightedSum(parts), torch.rand(items, generator=draw) < 0.9), train


@given(st.integers(1, 6), st.integers(2, 60), st.integers(1, 8), st.integers(0, 10**6))
@settings(max_examples=60)
def test_lists_are_exact_where_the_index_proposes_the_best(users: int, items: int, k: int, seed: int) -> None:
    scorer, train = problem(users, items, seed)
    seen = union_by_user([train], users, items)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KINDS, "all", brute_force)
        patch.setattr(approximate_lists, "PART", 2)  # several parts
        found = ApproximateLists(scorer, "all", BLOCK_MIB)
        everyone = torch.arange(users)
        lists, exact = found.lists(everyone, seen, k), top_k(scorer, everyone, seen, items, k, BLOCK_MIB)
    torch.testing.assert_close(lists.scores, exact.scores, rtol=1e-4, atol=1e-4)


@given(st.integers(1, 600), st.integers(1, 12), st.integers(1, 5), st.integers(0, 10**6))
@settings(max_examples=30)
def test_the_largest_weights_of_each_user_are_proposed(users: int, items: int, many: int, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    candidates = torch.rand(items, generator=draw) < 0.8
    scores = random_array((users, items), density=0.4, format="csr", rng=seed, dtype="float32")
    scores.data[::5] = -float("inf")
    wanted = []
    for user in range(users):
        row = scores[[user]]
        mine = [(-v, i) for i, v in zip(row.indices.tolist(), row.data.tolist(), strict=True) if candidates[i]]
        wanted += sorted(user * items + i for v, i in sorted(mine)[:many] if v < float("inf"))
    assert best_entries(scores, candidates, many).sort().values.tolist() == wanted


def test_recall_counts_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    train = Interactions(torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64), 2, 8)
    scorer = InnerProduct(torch.ones(2, 1), torch.arange(8.0)[None])

    def without_best(unit: Tensor) -> Nearest:
        return lambda vectors, k: (torch.tensor([[6, 5, 4, 3, 2]]).expand(len(vectors), -1), torch.empty(0))

    monkeypatch.setitem(KINDS, "poor", without_best)
    lists = ApproximateLists(scorer, "poor", BLOCK_MIB)
    seen = union_by_user([train], 2, 8)
    assert lists.lists(torch.arange(2), seen, 4).items.tolist() == [[6, 5, 4, 3]] * 2
    assert lists.recall(torch.arange(2), seen, 4) == 0.75


def test_a_long_history_is_listed_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "all", brute_force)
    monkeypatch.setattr(approximate_lists, "FEWEST", 3)
    train = Interactions(torch.zeros(6, dtype=torch.int64), torch.arange(2, 8), 1, 8)
    scorer = InnerProduct(torch.ones(1, 1), torch.arange(8.0)[None])
    found = ApproximateLists(scorer, "all", BLOCK_MIB).lists(torch.tensor([0]), union_by_user([train], 1, 8), 1)
    assert found.items.tolist() == [[1]]


def test_scores_of_another_kind_are_refused() -> None:
    train = Interactions(torch.tensor([0]), torch.tensor([0]), 1, 2)
    with pytest.raises(UserError, match="not a sum of inner products and sparse item weights: index=exact"):
        ApproximateLists(ItemItemWeights(*train.by_user, torch.ones(2, 2)), "usearch", BLOCK_MIB)
    with pytest.raises(UserError, match="needs none: index=exact"):
        ApproximateLists(ItemBias(torch.ones(2)), "usearch", BLOCK_MIB)
    with pytest.raises(UserError, match="index=annoy given, one of exact, usearch, faiss wanted"):
        ApproximateLists(InnerProduct(torch.ones(1, 1), torch.ones(1, 2)), "annoy", BLOCK_MIB)


def test_the_command_lists_by_an_index(
    launch: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("fusion=init", "loss=residual", "sampler=in_batch", "loss.ranking.folds=1") == 0
    (run,) = run_folders(tmp_path / "logs")
    for kind in ("exact", "usearch"):
        assert main(["recommend", f"run={run}", f"index={kind}", "k=5", f"out={tmp_path / kind}.parquet"]) == 0
    assert "index=usearch: 1.0000 of the exact lists of 80 users are found" in capsys.readouterr().out
    exact, found = (pl.read_parquet(tmp_path / f"{kind}.parquet") for kind in ("exact", "usearch"))
    assert exact["item"].to_list() == found["item"].to_list()
    assert main(["recommend", f"run={run}", "index=usearch", "rules=tail", "users=u1"]) == 1
    assert "given with rules=" in capsys.readouterr().err

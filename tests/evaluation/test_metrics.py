"""Accuracy metrics against hand-worked fractions, a naive loop and ir_measures."""

from __future__ import annotations

from functools import partial
from math import log2

import ir_measures
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.metrics import (
    LinkPredF1,
    LinkPredHitRatio,
    LinkPredMAP,
    LinkPredMRR,
    LinkPredNDCG,
    LinkPredPrecision,
    LinkPredRecall,
)

from ltgnn.evaluation import metrics
from ltgnn.evaluation.metric import Metric
from ltgnn.evaluation.metrics import Hits
from ltgnn.types import Interactions, TopK
from tests.evaluation.case import Case

FOUND = torch.tensor([[False, True, False, True], [False, False, False, False], [True, True, True, True]])

HITS = Hits(FOUND, torch.tensor([3, 1, 6]))

RECALL = partial(metrics.recall, capped=False)

AP, CAPPED_AP = (partial(metrics.average_precision, capped=capped) for capped in (False, True))

BY_HAND: list[tuple[Metric, int, list[float]]] = [
    (RECALL, 2, [1 / 3, 0, 2 / 6]),
    (RECALL, 4, [2 / 3, 0, 4 / 6]),
    (partial(metrics.recall, capped=True), 2, [1 / 2, 0, 2 / 2]),
    (metrics.precision, 4, [2 / 4, 0, 4 / 4]),
    (metrics.f1, 4, [2 * (2 / 4 * 2 / 3) / (2 / 4 + 2 / 3), 0, 2 * (1 * 4 / 6) / (1 + 4 / 6)]),
    (metrics.hr, 1, [0, 0, 1]),
    (metrics.hr, 4, [1, 0, 1]),
    (metrics.mrr, 1, [0, 0, 1]),
    (metrics.mrr, 4, [1 / 2, 0, 1]),
    (AP, 2, [(1 / 2) / 3, 0, 2 / 6]),
    (AP, 4, [(1 / 2 + 2 / 4) / 3, 0, 4 / 6]),
    (CAPPED_AP, 2, [(1 / 2) / 2, 0, 1]),
    (metrics.ndcg, 2, [(1 / log2(3)) / (1 + 1 / log2(3)), 0, 1]),
    (metrics.ndcg, 4, [(1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / 2), 0, 1]),
]


@pytest.mark.parametrize(("metric", "k", "expected"), BY_HAND)
def test_hand_values(metric: Metric, k: int, expected: list[float]) -> None:
    torch.testing.assert_close(metric(HITS, k), torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-15)


IR_MEASURES = {
    RECALL: "R",
    metrics.precision: "P",
    metrics.hr: "Success",
    metrics.mrr: "RR",
    metrics.ndcg: "nDCG",
    AP: "AP",
}

TORCH_GEOMETRIC = {
    RECALL: LinkPredRecall,
    metrics.precision: LinkPredPrecision,
    metrics.f1: LinkPredF1,
    metrics.hr: LinkPredHitRatio,
    metrics.mrr: LinkPredMRR,
    metrics.ndcg: LinkPredNDCG,
    CAPPED_AP: LinkPredMAP,
}


def by_ir_measures(name: str, k: int, items: Tensor, relevant: list[set[int]]) -> Tensor:
    qrels = [ir_measures.Qrel(str(u), str(i), 1) for u, row in enumerate(relevant) for i in row]
    run = [
        ir_measures.ScoredDoc(str(u), str(i), float(-place))
        for u, row in enumerate(items.tolist())
        for place, i in enumerate(row)
        if i >= 0
    ]
    measure = ir_measures.parse_measure(f"{name}@{k}")
    values = {m.query_id: m.value for m in ir_measures.iter_calc([measure], qrels, run)}
    return torch.tensor([values.get(str(u), 0.0) for u in range(len(relevant))], dtype=torch.float64)


def random_lists(seed: int, num_items: int, length: int) -> tuple[TopK, Interactions, list[set[int]]]:
    """Lists of up to ``length`` items for 6 users, empty ones too, and what they hold out."""
    generator = torch.Generator().manual_seed(seed)
    num_users = 6
    items = torch.full((num_users, length), -1)
    wanted = []
    for user in range(num_users):
        order = torch.randperm(num_items, generator=generator)
        listed = order[: int(torch.randint(0, length + 1, (), generator=generator))]
        items[user, : listed.numel()] = listed
        share = torch.randperm(num_items, generator=generator)
        wanted.append(set(share[: int(torch.randint(1, num_items, (), generator=generator))].tolist()))
    users = torch.tensor([u for u, row in enumerate(wanted) for _ in row])
    held_out = Interactions(users, torch.tensor([i for row in wanted for i in row]), num_users, num_items)
    return TopK(torch.arange(num_users), items, torch.zeros(items.shape)), held_out, wanted


CASES = {"seed": st.integers(0, 2**31), "num_items": st.integers(2, 40), "length": st.integers(1, 30)}


@settings(max_examples=25, deadline=None)
@given(**CASES)
def test_agreement_with_ir_measures(seed: int, num_items: int, length: int) -> None:
    lists, held_out, wanted = random_lists(seed, num_items, length)
    hits = Hits(metrics.find(lists, held_out), held_out.user_counts)
    for k in {1, max(1, length // 2), length}:
        for metric, name in IR_MEASURES.items():
            expected = by_ir_measures(name, k, lists.items, wanted)
            torch.testing.assert_close(metric(hits, k), expected, rtol=0, atol=1e-6, msg=lambda m, n=name: f"{n}: {m}")


@settings(max_examples=25, deadline=None)
@given(**CASES)
def test_agreement_with_torch_geometric(seed: int, num_items: int, length: int) -> None:
    lists, held_out, _ = random_lists(seed, num_items, length)
    lists.items[lists.items < 0] = num_items  # torch-geometric knows no filler: an item that nobody holds out
    hits = Hits(metrics.find(lists._replace(items=lists.items % num_items), held_out), held_out.user_counts)
    hits.found[lists.items == num_items] = False
    for k in {1, max(1, length // 2), length}:
        for metric, theirs in TORCH_GEOMETRIC.items():
            judge = theirs(k)
            judge.update(lists.items, torch.stack([held_out.users, held_out.items]))
            assert float(metric(hits, k).mean()) == pytest.approx(float(judge.compute()), abs=1e-6), theirs.__name__


def test_find_does_not_take_the_filler_for_the_last_item_of_the_user_before() -> None:
    held_out = Interactions(torch.tensor([0, 1]), torch.tensor([4, 0]), 2, 5)
    lists = TopK(torch.arange(2), torch.tensor([[1, 4], [-1, 0]]), torch.zeros(2, 2))
    assert metrics.find(lists, held_out).tolist() == [[False, True], [False, True]]


def test_find_uses_the_ids_of_users_not_their_places() -> None:
    held_out = Interactions(torch.tensor([7]), torch.tensor([2]), 9, 5)
    lists = TopK(torch.tensor([7]), torch.tensor([[2, 0]]), torch.zeros(1, 2))
    assert metrics.find(lists, held_out).tolist() == [[True, False]]


def test_metrics_can_be_added_from_outside() -> None:
    def first(hits: Hits, k: int) -> Tensor:
        return hits.found[:, 0].double()

    case = Case(8)
    result = case.evaluate(ks=[5], metrics={"first": first}, ranks={}, lists={}, exposure={}, user_groups={})
    assert set(result.per_user) == {"first@5", "toy/head/first@5", "toy/mid/first@5", "toy/tail/first@5"}

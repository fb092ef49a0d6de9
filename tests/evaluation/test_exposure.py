"""What head, mid, tail and cold get: of the lists, of the catalogue shown, of the hits."""

from __future__ import annotations

from math import sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.evaluation import diversity, exposure, popularity
from ltgnn.types import Groups
from tests.evaluation.beyond_accuracy_case import D2, D3, GROUPS, LISTS, random_case

ALL: list[tuple[str, float | None, float]] = [
    ("coverage", popularity.coverage(LISTS), 5 / 5),
    ("coverage at 1", popularity.coverage(LISTS.first(1)), 3 / 5),
    ("gini", popularity.gini(LISTS), (-4 * 1 - 2 * 1 + 0 * 2 + 2 * 2 + 4 * 2) / 8 / 4),
    ("entropy", popularity.entropy(LISTS), 2 * 3 / 8 + 3 * 2 / 4),
    # ARP of train items: (4 + 1) / 2, (4 + 1) / 2, (4 + 2) / 2 of users 0, 1, 3
    ("lift", popularity.lift(LISTS), (1 + 3 / 2 + 2) / (5 / 2 + 5 / 2 + 3) - 1),
    # item 2: its user gets it in place 2; item 3: one of two users, place 2; item 4: its user, place 3
    ("uniform_recall", popularity.uniform_recall(LISTS), (1 + 1 / 2 + 1) / 3),
    ("uniform_ndcg", popularity.uniform_ndcg(LISTS), (D2 + D2 / 2 + D3) / 3),
    # overlaps: users 0, 1 share item 1; users 0, 3 item 3; users 1, 3 item 2
    ("personalisation", diversity.personalisation(LISTS), 1 - (1 / sqrt(6) + 1 / 3 + 1 / sqrt(6)) / 3),
    ("tail coverage", exposure.coverage(LISTS, GROUPS)["tail"], 2 / 2),
    ("tail coverage at 1", exposure.coverage(LISTS.first(1), GROUPS)["tail"], 1 / 2),
    ("cold coverage at 2", exposure.coverage(LISTS.first(2), GROUPS)["cold"], 0),
    # tail: 2 of 3 held-out pairs listed; head holds out none, so that only one group is left: no spread
    ("preo", exposure.preo(LISTS, GROUPS)[""], 0),
    # candidates: head 6 - 4 seen (0; 0; 0 and 1), tail 6 - 2; listed: head 3, tail 4: chances 3/2 and 1
    ("prsp", exposure.prsp(LISTS, GROUPS)[""], (1 / 4) / (5 / 4)),
]


@pytest.mark.parametrize(("name", "got", "expected"), ALL, ids=[name for name, *_ in ALL])
def test_hand_worked_values_of_all(name: str, got: float, expected: float) -> None:
    assert got == pytest.approx(expected, abs=1e-12)


def test_preo_with_two_groups_by_hand() -> None:
    three = Groups("toy", ("head", "mid", "tail", "cold"), torch.tensor([0, 0, 1, 2, 3], dtype=torch.int8), "")
    got = exposure.preo(LISTS, three)[""]  # mid: item 2, 1 of 1 listed; tail: item 3, 1 of 2; cold is out
    assert got == pytest.approx((1 / 4) / (3 / 4))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_parts_add_up(seed: int) -> None:
    lists = random_case(seed)
    labels = torch.randint(0, 3, (15,), generator=torch.Generator().manual_seed(seed)).to(torch.int8)
    groups = Groups("toy", ("head", "tail", "cold"), labels, "")
    recall = lists.found.sum(1).double() / lists.relevant
    torch.testing.assert_close(sum(exposure.recall_part(lists, groups).values()), recall, rtol=0, atol=1e-15)
    torch.testing.assert_close(sum(exposure.share(lists, groups).values()), torch.ones(12).double(), rtol=0, atol=1e-15)
    covered = exposure.coverage(lists, groups)
    total = sum(covered[name] * groups.sizes[name] for name in groups.names if groups.sizes[name])  # type: ignore[operator]
    assert total / 15 == pytest.approx(popularity.coverage(lists))

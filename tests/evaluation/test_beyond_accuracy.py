"""Metrics beyond accuracy on one hand-worked catalogue, in fractions, and against public libraries on random ones.

Catalogue: 5 items with train counts c = 4, 2, 1, 1, 0 (item 4 is cold), 4 users, 8 train pairs.
Lists of length 3: user 0 gets 1 3 4, user 1 gets 2 1, user 3 gets 0 2 3. Held out: user 0: 3, 4; user 1: 3; user 3: 2.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import log, log2, sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from torch import Tensor
from torch_geometric.metrics import (
    LinkPredAveragePopularity,
    LinkPredCoverage,
    LinkPredDiversity,
    LinkPredPersonalization,
)

from ltgnn.evaluation import diversity, exposure, popularity, ties
from ltgnn.evaluation.categories import Categories
from ltgnn.evaluation.lists import Lists
from ltgnn.types import Groups, Interactions

TRAIN = Interactions(torch.tensor([0, 1, 2, 3, 0, 1, 2, 3]), torch.tensor([0, 0, 0, 0, 2, 3, 1, 1]), 4, 5)
HELD_OUT = Interactions(torch.tensor([0, 0, 1, 3]), torch.tensor([3, 4, 3, 2]), 4, 5)
LISTS = Lists(
    users=torch.tensor([0, 1, 3]),
    scores=torch.tensor([[2.0, 2.0, 1.0], [0.5, 0.5, -torch.inf], [3.0, 2.0, 1.0]]),
    items=torch.tensor([[1, 3, 4], [2, 1, -1], [0, 2, 3]]),  # user 3 gets 0 although it is in train: no matter here
    found=torch.tensor([[False, True, True], [False, False, False], [False, True, False]]),
    relevant=torch.tensor([2, 1, 1]),
    held_out=HELD_OUT,
    train=TRAIN,
    seen=TRAIN.by_user,
    features=torch.tensor([[1.0, 0], [3, 0], [0, 2], [1, 1], [0, 0]]),
    categories=Categories(["genres"], "|")({"genres": ["A", "A|B", "B", "C", ""]}),
)
GROUPS = Groups("toy", ("head", "tail", "cold"), torch.tensor([0, 0, 1, 1, 2], dtype=torch.int8), "")

D2, D3 = 1 / log2(3), 1 / 2  # discounts of places 2 and 3; place 1 has 1
H = sqrt(1 / 2)

PER_USER: list[tuple[str, Tensor | None, list[float]]] = [
    ("ties", ties.ties(LISTS), [2 / 3, 1, 0]),
    ("arp", popularity.arp(LISTS), [3 / 3, 3 / 2, 6 / 3]),
    ("novelty", popularity.novelty(LISTS), [(1 + 2 + 2) / 2 / 3, (2 + 1) / 2 / 2, (0 + 2 + 2) / 2 / 3]),
    (
        "epc",
        popularity.epc(LISTS),
        [
            (2 / 4 + D2 * 3 / 4 + D3 * 4 / 4) / (1 + D2 + D3),
            (3 / 4 + D2 * 2 / 4) / (1 + D2),
            (0 + D2 * 3 / 4 + D3 * 3 / 4) / (1 + D2 + D3),
        ],
    ),
    (
        "efd",
        popularity.efd(LISTS),
        [(2 + D2 * 3 + D3 * 3) / (1 + D2 + D3), (3 + D2 * 2) / (1 + D2), (1 + D2 * 3 + D3 * 3) / (1 + D2 + D3)],
    ),
    ("pru", popularity.pru(LISTS), [1, -1, sqrt(3) / 2]),  # counts 2 1 0; 1 2; 4 1 1
    (
        "ild_features",
        diversity.text_diversity(LISTS),
        [1 - H, 1 - 0, 1 - (0 + H + H) / 3],
    ),  # the item without text is out
    (
        "ild_category",
        diversity.category_diversity(LISTS),
        [1 - 0, 1 - H, 1 - 0],
    ),  # {A,B} {C} {}; {B} {A,B}; {A} {B} {C}
    (
        "miscalibration",
        diversity.miscalibration(LISTS, smoothing=0.1),
        [  # p from train: A 1/2 B 1/2; A 1/2 C 1/2; A 3/4 B 1/4
            1 / 2 * log((1 / 2) / (0.9 * 1 / 4 + 0.1 * 1 / 2)) * 2,  # list: A 1/4 B 1/4 C 1/2
            1 / 2 * log((1 / 2) / (0.9 * 1 / 4 + 0.1 * 1 / 2)) + 1 / 2 * log((1 / 2) / (0.1 * 1 / 2)),  # B 3/4 A 1/4
            3 / 4 * log((3 / 4) / (0.9 / 3 + 0.1 * 3 / 4)) + 1 / 4 * log((1 / 4) / (0.9 / 3 + 0.1 / 4)),  # 1/3 each
        ],
    ),
    ("share of tail", exposure.share(LISTS, GROUPS)["tail"], [1 / 3, 1 / 2, 2 / 3]),
    ("share of cold", exposure.share(LISTS, GROUPS)["cold"], [1 / 3, 0, 0]),
    ("aplt", exposure.aplt(LISTS, GROUPS)[""], [2 / 3, 1 / 2, 2 / 3]),
    ("aclt", exposure.aclt(LISTS, GROUPS)[""], [2, 1, 2]),
    ("recall_part of tail", exposure.recall_part(LISTS, GROUPS)["tail"], [1 / 2, 0, 1]),
    ("recall_part of cold", exposure.recall_part(LISTS, GROUPS)["cold"], [1 / 2, 0, 0]),
]

EXPOSURE = [1, 2, 2, 2, 1]  # of 8
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


@pytest.mark.parametrize(("name", "got", "expected"), PER_USER, ids=[name for name, *_ in PER_USER])
def test_hand_worked_values_of_each_user(name: str, got: Tensor, expected: list[float]) -> None:
    assert got.dtype == torch.float64
    torch.testing.assert_close(got, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-7)


@pytest.mark.parametrize(("name", "got", "expected"), ALL, ids=[name for name, *_ in ALL])
def test_hand_worked_values_of_all(name: str, got: float, expected: float) -> None:
    assert got == pytest.approx(expected, abs=1e-12)


def test_preo_with_two_groups_by_hand() -> None:
    three = Groups("toy", ("head", "mid", "tail", "cold"), torch.tensor([0, 0, 1, 2, 3], dtype=torch.int8), "")
    got = exposure.preo(LISTS, three)[""]  # mid: item 2, 1 of 1 listed; tail: item 3, 1 of 2; cold is out
    assert got == pytest.approx((1 / 4) / (3 / 4))


def test_what_cannot_be_told_is_none_or_nan() -> None:
    bare = replace(LISTS, features=None, categories=None)
    assert diversity.text_diversity(bare) is None
    assert diversity.category_diversity(bare) is None
    assert diversity.miscalibration(bare, smoothing=0.01) is None
    one = LISTS.first(1)
    assert torch.isnan(popularity.pru(one)).all()
    assert torch.isnan(diversity.text_diversity(one)).all()  # type: ignore[arg-type]
    nothing = replace(LISTS, items=-torch.ones_like(LISTS.items), found=torch.zeros_like(LISTS.found))
    assert torch.isnan(popularity.arp(nothing)).all()
    assert torch.isnan(diversity.miscalibration(nothing, smoothing=0.01)).all()  # type: ignore[arg-type]
    assert diversity.personalisation(nothing) is None
    assert exposure.preo(nothing, GROUPS)[""] is None
    assert exposure.coverage(LISTS, replace(GROUPS, labels=torch.zeros(5, dtype=torch.int8)))["tail"] is None


def random_case(seed: int, k: int = 6, num_users: int = 12, num_items: int = 15) -> Lists:
    generator = torch.Generator().manual_seed(seed)
    items = torch.rand(num_users, num_items, generator=generator).argsort(1)[:, :k]
    train = torch.rand(num_users, num_items, generator=generator) < torch.rand(num_items, generator=generator)
    held = torch.rand(num_users, num_items, generator=generator) < 0.3
    held[:, 0] = True
    pairs = [Interactions(*mask.nonzero(as_tuple=True), num_users, num_items) for mask in (train, held)]
    genres = [f"g{g}" for g in torch.randint(0, 4, (num_items,), generator=generator).tolist()]
    return Lists(
        users=torch.arange(num_users),
        items=items,
        scores=torch.zeros(items.shape),
        found=held.gather(1, items),
        relevant=held.sum(1),
        held_out=pairs[1],
        train=pairs[0],
        seen=pairs[0].by_user,
        features=torch.randn(num_items, 4, generator=generator),
        categories=Categories(["genres"], "|")({"genres": genres}),
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_agreement_with_torch_geometric_and_scipy(seed: int) -> None:
    lists = random_case(seed)
    k, num_items = 6, 15
    edges = torch.stack([lists.held_out.users, lists.held_out.items])
    assert lists.categories is not None
    for judge, mine in (
        (LinkPredCoverage(k, num_items), popularity.coverage(lists)),
        (LinkPredAveragePopularity(k, lists.train.item_counts), float(popularity.arp(lists).mean())),
        (LinkPredPersonalization(k), diversity.personalisation(lists)),
        (LinkPredDiversity(k, lists.categories[1]), float(diversity.category_diversity(lists).mean())),  # type: ignore[union-attr]
    ):
        judge.update(lists.items, edges)
        found = float(judge.compute())  # in float32
        assert mine == pytest.approx(found, rel=1e-6, abs=1e-6), type(judge).__name__
    for row, got in zip(lists.counts, popularity.pru(lists), strict=True):
        if row.unique().numel() > 1:
            assert -spearmanr(range(k), row.numpy()).statistic == pytest.approx(float(got), abs=1e-12)


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


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_uniform_test_is_the_expectation_under_resampling(seed: int) -> None:
    lists = random_case(seed)
    generator = torch.Generator().manual_seed(seed)
    held, listed = lists.held_out, lists.found
    hit = {(int(lists.users[u]), int(lists.items[u, p])): int(p) for u, p in listed.nonzero()}
    items = held.items.unique()
    draws = items[torch.randint(0, len(items), (4_000,), generator=generator)]
    gains = []
    for item in draws.tolist():
        users = held.users[held.items == item]
        user = int(users[torch.randint(0, len(users), (), generator=generator)])
        gains.append((user, item) in hit)
    sampled = sum(gains) / len(gains)
    expected = popularity.uniform_recall(lists)
    assert abs(sampled - expected) < 5 * sqrt(expected * (1 - expected) / 4_000) + 1e-12  # five standard errors


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_diversity_and_calibration_equal_loops_over_pairs(seed: int) -> None:
    lists = random_case(seed)
    assert lists.features is not None
    assert lists.categories is not None
    similarity = torch.nn.functional.cosine_similarity(lists.features[:, None], lists.features[None], dim=-1)
    genre = lists.categories[1]
    for u, row in enumerate(lists.items.tolist()):
        pairs = [(i, j) for i in row for j in row if i != j]
        expected = 1 - sum(float(similarity[i, j]) for i, j in pairs) / len(pairs)
        assert float(diversity.text_diversity(lists)[u]) == pytest.approx(expected, abs=1e-6)  # type: ignore[index]
        own = lists.train.items[lists.train.users == u]
        got = float(diversity.miscalibration(lists, smoothing=0.01)[u])  # type: ignore[index]
        if not own.numel():
            assert got != got
            continue
        p, q = (torch.bincount(genre[i], minlength=4).double() / len(i) for i in (own, lists.items[u]))
        kl = sum(float(a) * log(float(a) / (0.99 * float(b) + 0.01 * float(a))) for a, b in zip(p, q, strict=True) if a)
        assert got == pytest.approx(kl, abs=1e-12)


def test_gini_reaches_its_ends() -> None:
    generator = replace(LISTS, items=torch.tensor([[0], [0], [0]]), found=torch.zeros(3, 1, dtype=torch.bool))
    assert popularity.gini(generator) == pytest.approx(1)
    everyone = replace(generator, items=torch.arange(5)[None], found=torch.zeros(1, 5, dtype=torch.bool))
    assert popularity.gini(everyone) == pytest.approx(0)
    assert popularity.entropy(everyone) == pytest.approx(log2(5))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Action Sci-Fi", "", "Drama"], [[0, 1], [], [2]]),
        (["Beauty > Skin | Beauty > Bath & Body", "Beauty"], [[0, 1, 2], [0]]),
        (["a;b", "b; a", "c d"], [[0, 1], [0, 1], [2]]),
    ],
)
def test_categories_of_each_form(cells: list[str], expected: list[list[int]]) -> None:
    csr = Categories(["category", "genres"], "|>;,")({"genres": cells})
    assert csr is not None
    offsets, numbers = csr
    assert [numbers[a:b].tolist() for a, b in pairwise(offsets)] == expected


def test_no_categories() -> None:
    read = Categories(["genres"], "|")
    assert read({"title": ["a"]}) is None
    assert read({"genres": ["", ""]}) is None

"""Blends against naive loops, a brute-force optimum and what must not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from math import exp, log, log2

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.data.groups import ItemShare
from ltgnn.scoring.candidates import Pool, pool_of
from ltgnn.scoring.ensemble import Blend, cells
from ltgnn.scoring.ensemble_weights import Ascent, Logit
from ltgnn.scoring.masked import MaskedScorer
from ltgnn.scoring.score_normalisation import ReciprocalRank, ZScore
from ltgnn.scoring.tail_constrained import TailConstrained, of_tail
from ltgnn.types import Interactions, Scorer, UserError
from tests.conftest import random_interactions

INF = float("inf")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0, 3.0, -INF]), min_size=1, max_size=9))
def test_standings_are_the_naive_loop(row: list[float]) -> None:
    candidates = [s for s in row if s > -INF]
    z, rank = ZScore()(torch.tensor([row]))[0].tolist(), ReciprocalRank(60)(torch.tensor([row]))[0].tolist()
    for place, score in enumerate(row):
        if score == -INF:
            assert z[place] == rank[place] == 0
            continue
        mean = sum(candidates) / len(candidates)
        sd = (sum((s - mean) ** 2 for s in candidates) / len(candidates)) ** 0.5
        assert z[place] == pytest.approx((score - mean) / sd if sd > 1e-9 else 0.0, abs=1e-5)
        assert rank[place] == pytest.approx(1 / (60 + 1 + sum(s > score for s in candidates)))


def table(scores: Tensor) -> Scorer:
    return lambda users: scores[users]


USERS = ItemShare("activity", ["active", "casual"], [0.5, 0.5], "users")
ITEMS = ItemShare("items", ["head", "tail"], [0.5, 0.5], "items")


def three(seed: int = 0) -> tuple[Interactions, Interactions, dict[str, Scorer], Tensor]:
    """Train and validation pairs of 12 users and 10 items, members that know something, their scores [3, U, I]."""
    every = random_interactions(12, 10, 0.45, seed)
    held = torch.arange(len(every)) % 3 == 0
    train, val = every.select(~held), every.select(held)
    scores = torch.randn(3, 12, 10, generator=torch.Generator().manual_seed(seed))
    scores[0].view(-1)[val.keys] += 1.0
    scores[1].view(-1)[val.keys] += 0.5
    known = torch.ones(10, dtype=torch.bool)
    known[7] = False
    return (
        train,
        val,
        {"a": table(scores[0]), "b": MaskedScorer(table(scores[1]), known), "c": table(scores[2])},
        scores,
    )


@pytest.mark.parametrize("normaliser", [ZScore(), ReciprocalRank(60)])
def test_a_blend_is_the_sum_over_members_and_cells(normaliser: ZScore | ReciprocalRank) -> None:
    train, _, members, scores = three()
    weights = {
        name: {u: {i: float(n + 1 + 2 * (u == "casual") - 3 * (i == "tail")) for i in ("head", "tail", "cold")}
               for u in ("active", "casual", "cold")}
        for n, name in enumerate([*members, "bias"])
    }  # fmt: skip
    blended = Blend(normaliser, Ascent(20, 2, 1), USERS, ITEMS, weights).of(members, train)
    found = blended(torch.arange(12))
    scores[1, :, 7] = -INF
    users, items = USERS(train.user_counts), ITEMS(train.item_counts)
    seen = set(train.keys.tolist())
    for u, i in product(range(12), range(10)):
        cell = users.names[int(users.labels[u])], items.names[int(items.labels[i])]
        wanted = weights["bias"][cell[0]][cell[1]]
        for m, name in enumerate(members):
            row = [-INF if u * 10 + j in seen else float(scores[m, u, j]) for j in range(10)]
            wanted += weights[name][cell[0]][cell[1]] * float(normaliser(torch.tensor([row]))[0, i])
        assert float(found[u, i]) == pytest.approx(wanted, abs=1e-5)
        shares = blended.shares(u, i)
        assert sum(shares.values()) == pytest.approx(wanted, abs=1e-5)
        assert set(shares) == {"a", "b", "c", "bias"}


def test_one_member_alone_gives_its_own_scores_and_candidates() -> None:
    train, _, members, _ = three()
    blended = Blend(ZScore(), Ascent(20, 2, 1), weights={"a": 0, "b": 0.3, "c": 0}).of(members, train)
    assert torch.equal(blended(torch.arange(12)), members["b"](torch.arange(12)))
    assert blended.candidates is not None
    assert blended.candidates.tolist() == [i != 7 for i in range(10)]
    both = Blend(ZScore(), Ascent(20, 2, 1), weights={"a": 1, "b": 0.3, "c": 0}).of(members, train)
    assert both.candidates is None or bool(both.candidates.all())
    assert bool(torch.isfinite(both(torch.arange(12))).all())


def naive_pool(train: Interactions, val: Interactions, scores: Tensor, depth: int) -> dict[int, list[int]]:
    seen, found = set(train.keys.tolist()), {}
    for u in sorted(set(val.users.tolist())):
        chosen: set[int] = set()
        for m in range(len(scores)):
            free = [i for i in range(10) if u * 10 + i not in seen and scores[m, u, i] > -INF]
            chosen |= set(sorted(free, key=lambda i: -float(scores[m, u, i]))[:depth])
        found[u] = sorted(chosen)
    return found


def pooled(seed: int, depth: int = 3) -> tuple[Pool, Interactions, Interactions, Tensor]:
    train, val, members, scores = three(seed)
    scores[1, :, 7] = -INF
    blended = Blend(ZScore(), Ascent(20, 2, 1), USERS, ITEMS).of(members, train)
    pool = pool_of(lambda users: blended.normalise_scores(users, [0, 1, 2]), val, blended.users, blended.items, depth)
    return pool, train, val, scores


def test_the_pool_holds_what_the_members_would_list() -> None:
    pool, train, val, scores = pooled(1)
    held, labels = set(val.keys.tolist()), ITEMS(train.item_counts).labels.tolist()
    for row, (user, items) in enumerate(naive_pool(train, val, scores, 3).items()):
        assert [i for i in pool.items[row].tolist() if i >= 0] == items
        assert pool.hits[row, : len(items)].tolist() == [user * 10 + i in held for i in items]
        assert not bool(pool.hits[row, len(items) :].any())
        mine = [labels[i] for u, i in zip(val.users.tolist(), val.items.tolist(), strict=True) if u == user]
        assert pool.relevant[row].tolist() == [mine.count(group) for group in range(3)]


def naive_ndcg(pool: Pool, scores: Tensor, k: int) -> float:
    total = 0.0
    for row in range(len(pool.items)):
        places = [p for p in range(pool.items.shape[1]) if pool.items[row, p] >= 0]
        places.sort(key=lambda p: (-float(scores[row, p]), int(pool.items[row, p])))
        gain = sum(1 / log2(rank + 2) for rank, p in enumerate(places[:k]) if pool.hits[row, p])
        total += gain / sum(1 / log2(rank + 2) for rank in range(min(k, int(pool.relevant[row].sum()))))
    return total / len(pool.items)


@pytest.mark.parametrize("seed", range(4))
def test_ascent_ends_where_no_share_is_better_and_not_below_the_best_member(seed: int) -> None:
    pool, *_ = pooled(seed)
    fitting = Ascent(3, 10, 20)
    weights = fitting(pool)[0].flatten()
    assert float(weights.sum()) == pytest.approx(1)
    assert float(weights.min()) >= 0
    best = naive_ndcg(pool, pool.normalised_scores @ weights, 3)
    assert best == pytest.approx(pool.ndcg(pool.normalised_scores @ weights, 3))
    alone = [naive_ndcg(pool, pool.normalised_scores[:, :, m], 3) for m in range(3)]
    assert best >= max(alone) - 1e-12
    for member, step in product(range(3), range(11)):
        others = weights.clone()
        others[member] = 0
        if bool(others.any()):
            tried = others / others.sum() * (1 - step / 10)
            tried[member] = step / 10
            assert naive_ndcg(pool, pool.normalised_scores @ tried, 3) <= best + 1e-12


def naive_loss(pool: Pool, weights: Tensor, bias: Tensor) -> float:
    losses = []
    for row in range(len(pool.items)):
        a = int(pool.user_groups[row])
        places = [p for p in range(pool.items.shape[1]) if pool.items[row, p] >= 0]
        score = {}
        for p in places:
            g = int(pool.item_groups[row, p])
            score[p] = float(bias[a, g]) + sum(
                float(weights[m, a, g]) * float(pool.normalised_scores[row, p, m]) for m in range(len(weights))
            )
        others = sum(exp(score[p]) for p in places if not pool.hits[row, p])
        losses += [-log(exp(score[p]) / (exp(score[p]) + others)) for p in places if pool.hits[row, p]]
    return sum(losses) / len(losses)


def test_logit_finds_the_optimum_that_a_grid_finds() -> None:
    """One member, one cell: the weight by brute force."""
    generator = torch.Generator().manual_seed(2)
    normalised_scores = torch.randn(40, 6, 1, generator=generator)
    hits = torch.zeros(40, 6, dtype=torch.bool)
    chances = (1.7 * normalised_scores[:, :, 0]).softmax(1)
    hits[torch.arange(40), torch.multinomial(chances, 1, generator=generator)[:, 0]] = True
    zeros = torch.zeros(40, dtype=torch.int64)
    items, one = torch.arange(6).repeat(40, 1), zeros[:, None].expand(-1, 6)
    pool = Pool(items, normalised_scores, hits, zeros[:, None] + 1, zeros, one, (1, 1))
    weights, _ = Logit(1e3, 200)(pool)
    grid = torch.linspace(0, 4, 401)
    losses = [naive_loss(pool, torch.full((1, 1, 1), float(w)), torch.zeros(1, 1)) for w in grid]
    assert float(weights) == pytest.approx(float(grid[losses.index(min(losses))]), abs=0.006)


def test_logit_by_cell_is_the_minimum_in_every_direction() -> None:
    pool, *_ = pooled(3, depth=6)
    fitting = Logit(0.01, 500)
    weights, bias = fitting(pool)
    cell = float(Logit.loss(pool, weights.double(), bias.double()))
    assert cell == pytest.approx(naive_loss(pool, weights, bias), abs=1e-6)

    def objective(w: Tensor, b: Tensor) -> float:
        """With the best split of w into common and own: the mean of the cells, but for the tiny ridge."""
        own = w - w.mean((1, 2), keepdim=True)
        return float(Logit.loss(pool, w, b)) + 0.005 * float(own.square().sum() + b.square().sum())

    best = objective(weights.double(), bias.double())
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        w = weights.double() + 0.02 * torch.randn(weights.shape, generator=generator, dtype=torch.float64)
        b = bias.double() + 0.02 * torch.randn(bias.shape, generator=generator, dtype=torch.float64)
        assert objective(w, b) > best - 1e-6


def naive_values(pool: Pool, rows: list[int], scores: Tensor, k: int, tail: bool) -> float:
    """Mean NDCG@k of some users; ``tail``: only held-out items outside group 0 count, over users who have one."""
    values = []
    for row in rows:
        relevant = int(pool.relevant[row, int(tail) :].sum())
        places = [p for p in range(pool.items.shape[1]) if pool.items[row, p] >= 0]
        places.sort(key=lambda p: (-float(scores[row, p]), int(pool.items[row, p])))
        hits = [bool(pool.hits[row, p]) and not (tail and pool.item_groups[row, p] == 0) for p in places[:k]]
        if relevant:
            ideal = sum(1 / log2(rank + 2) for rank in range(min(k, relevant)))
            values.append(sum(hit / log2(rank + 2) for rank, hit in enumerate(hits)) / ideal)
    return sum(values) / len(values) if values else -1.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [0.8, 1.0])
@pytest.mark.parametrize("unknown", [False, True])
def test_tail_kept_takes_the_best_choice_that_keeps_the_tail(seed: int, share: float, unknown: bool) -> None:
    """Every choice by a naive loop over all users, places and groups."""
    pool, *_ = pooled(seed, depth=6)
    if unknown:  # of the first group nothing is held out: it takes the weights of the second
        pool = replace(pool, user_groups=torch.ones_like(pool.user_groups))
    plain, unlifted = Logit(0.1, 200)(pool)
    weights, bias = TailConstrained(Logit(0.1, 200), 3, share, 0.25, 4.0)(pool)

    def scores(w: Tensor, b: Tensor) -> Tensor:
        found = torch.zeros(pool.items.shape)
        for row, p in product(range(len(pool.items)), range(pool.items.shape[1])):
            a, g = int(pool.user_groups[row]), int(pool.item_groups[row, p])
            found[row, p] = b[a, g] + sum(w[m, a, g] * pool.normalised_scores[row, p, m] for m in range(len(w)))
        return found

    lift = torch.tensor([0.0, 1.0, 1.0])  # cold items are of the tail
    alone = [(torch.eye(3)[m][:, None, None].expand(3, 3, 3), torch.zeros(3, 3)) for m in range(3)]
    choices = [*alone, *((plain, unlifted + 0.25 * n * lift) for n in range(17))]
    scored = [scores(*choice) for choice in choices]
    everyone = list(range(len(pool.items)))
    assert of_tail(pool).ndcg(scored[0], 3) == pytest.approx(naive_values(pool, everyone, scored[0], 3, tail=True))
    tails = [naive_values(pool, everyone, s, 3, tail=True) for s in scored]
    values = [naive_values(pool, everyone, s, 3, tail=False) for s in scored]
    kept = [c for c, value in enumerate(tails) if value >= share * max(tails[:3]) - 1e-12]
    wanted = max(kept, key=lambda c: (round(values[c], 12), -c))
    judged = [group for group in range(3) if bool((pool.user_groups == group).any())]
    for group in range(3):
        nearest = min(judged, key=lambda other: abs(other - group))
        assert torch.allclose(weights[:, group], choices[wanted][0][:, nearest])
        assert torch.allclose(bias[group], choices[wanted][1][nearest])


def test_mistakes_are_named() -> None:
    train, val, members, _ = three()
    with pytest.raises(UserError, match="wanted a weight for each member: a, b, c"):
        Blend(ZScore(), Ascent(20, 2, 1), weights={"a": 1.0}).of(members, train)
    with pytest.raises(UserError, match=r"unknown cell active\.torso"):
        cells({"active": {"torso": 1}}, ["active"], ["head"], "a")
    blended = Blend(ZScore(), Ascent(20, 2, 1)).of(members, train)
    nothing = val.select(torch.zeros(len(val), dtype=torch.bool))
    with pytest.raises(UserError, match=r"set split\.val"):
        pool_of(lambda users: blended.normalise_scores(users, [0]), nothing, blended.users, blended.items, 3)
    with pytest.raises(UserError, match=r"set blend\.items"):
        TailConstrained(Logit(1, 1), 3, 1, 1, 1)(replace(pooled(0)[0], cells=(2, 1)))
    mistaken: list[Callable[[], object]] = [
        lambda: Ascent(0, 1, 1),
        lambda: Logit(0, 1),
        lambda: ReciprocalRank(-1),
        lambda: TailConstrained(Logit(1, 1), 3, 1, 2, 1),
    ]
    for make in mistaken:
        with pytest.raises(UserError, match="blend"):
            make()

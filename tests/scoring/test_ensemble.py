"""Blends against naive loops, a brute-force optimum and what must not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import Tensor

from ltgnn.scoring.candidates import pool_of
from ltgnn.scoring.ensemble import Blend, cells
from ltgnn.scoring.ensemble_weights import Ascent, Logit
from ltgnn.scoring.score_normalisation import ReciprocalRank, ZScore
from ltgnn.scoring.tail_constrained import TailConstrained
from ltgnn.types import Interactions, UserError
from tests.scoring.ensemble_case import INF, ITEMS, USERS, pooled, three


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


def test_the_pool_holds_what_the_members_would_list() -> None:
    pool, train, val, scores = pooled(1)
    held, labels = set(val.keys.tolist()), ITEMS(train.item_counts).labels.tolist()
    for row, (user, items) in enumerate(naive_pool(train, val, scores, 3).items()):
        assert [i for i in pool.items[row].tolist() if i >= 0] == items
        assert pool.hits[row, : len(items)].tolist() == [user * 10 + i in held for i in items]
        assert not bool(pool.hits[row, len(items) :].any())
        mine = [labels[i] for u, i in zip(val.users.tolist(), val.items.tolist(), strict=True) if u == user]
        assert pool.relevant[row].tolist() == [mine.count(group) for group in range(3)]


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

"""The re-ranker where the right order is known, out of fold, with any number of threads."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ltgnn.scoring.candidate_features import CandidateFeatures
from ltgnn.scoring.candidates import Pool
from ltgnn.scoring.lambdarank import LambdaRank, columns_of
from ltgnn.scoring.masked import MaskedScorer
from ltgnn.scoring.trees import predict
from ltgnn.types import Interactions, Scorer, UserError, as_scorer
from tests.conftest import random_interactions
from tests.scoring.ensemble_case import INF, table

USERS, ITEMS = 80, 40


def ranker(**options: Any) -> LambdaRank:
    given: dict[str, Any] = {
        "k": 10, "folds": 3, "trees": 20, "leaves": 8, "learning_rate": 0.2, "least": 5, "extras": [],
        "most_users": 1000, "seed": 0,
    }  # fmt: skip
    return LambdaRank(**(given | options))


def parts(seed: int = 0) -> tuple[Interactions, Interactions, Tensor]:
    """Train and validation pairs, and scores of two members of which the second knows the validation pairs better."""
    every = random_interactions(USERS, ITEMS, 0.25, seed)
    held = torch.arange(len(every)) % 3 == 0
    scores = torch.randn(2, USERS, ITEMS, generator=torch.Generator().manual_seed(seed))
    val = every.select(held)
    scores[1].view(-1)[val.keys] += 2.0
    return every.select(~held), val, scores


def fitted(
    members: dict[str, Scorer], train: Interactions, val: Interactions, depth: int = 10, **options: Any
) -> Scorer:
    weights = ranker(**options).find_weights(members, train, val, depth)
    return ranker(**options, weights=weights).of(members, train)


@pytest.fixture(autouse=True)
def library() -> None:
    pytest.importorskip("lightgbm")


def test_a_feature_that_decides_gives_the_order() -> None:
    """Of three features the second is what users choose by; the others are noise."""
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(200, 30, 3, generator=generator)
    hits = values[:, :, 1] > 1.0
    items, nothing = torch.arange(30).expand(200, 30), torch.zeros(200, dtype=torch.int64)
    pool = Pool(items, values, hits, hits.sum(1, keepdim=True), nothing, torch.zeros(200, 30).long(), (1, 1))
    trees = ranker(trees=30).fit(pool, torch.ones(200, dtype=torch.bool), [0, 0, 0])
    found = torch.from_numpy(predict(trees, columns_of(values).reshape(3, -1))).view(200, 30)
    chosen, others = found.masked_fill(~hits, INF).amin(1), found.masked_fill(hits, -INF).amax(1)
    assert float((chosen > others).float().mean()) > 0.9
    assert pool.ndcg(found, 10) > 0.99


@pytest.mark.parametrize("seed", [0, 1])
def test_a_single_member_keeps_its_order(seed: int) -> None:
    """Inside its best items and behind them."""
    train, val, scores = parts(seed)
    rows = scores[1].argsort(1).argsort(1).float()  # no two so near that float32 makes them equal
    found = fitted({"a": table(rows.clone())}, train, val).scores(torch.arange(USERS))
    rows[train.users, train.items] = found[train.users, train.items] = -INF
    assert torch.equal(
        found.argsort(dim=1, descending=True, stable=True), rows.argsort(dim=1, descending=True, stable=True)
    )


def test_candidates_come_first_and_unknown_items_nowhere() -> None:
    train, val, scores = parts()
    known = torch.ones(ITEMS, dtype=torch.bool)
    known[7] = False
    members: dict[str, Scorer] = {
        "a": MaskedScorer(table(scores[0]), known),
        "b": MaskedScorer(table(scores[1]), known),
    }
    scorer = fitted(members, train, val, depth=4)
    found = scorer.scores(torch.arange(USERS))
    assert scorer.candidates is not None
    assert scorer.candidates.tolist() == known.tolist()
    assert bool((found[:, 7] == -INF).all())
    items = CandidateFeatures(list(members.values()), train, 4, [], None)(torch.arange(USERS))[0]
    for user in range(USERS):
        mine = [i for i in items[user].tolist() if i >= 0]
        others = [i for i in range(ITEMS) if i not in mine and i != 7 and found[user, i] > -INF]
        assert float(found[user, mine].min()) > float(found[user, others].max())


def test_users_are_ranked_by_trees_that_have_not_seen_them() -> None:
    """Other validation pairs of the users of a fold leave their trees as they are, and move those of the others."""
    train, val, scores = parts()
    members = {"a": as_scorer(table(scores[0])), "b": as_scorer(table(scores[1]))}
    fold = ranker().folds_of(USERS)
    fewer = val.select((fold[val.users] != 0) | (torch.arange(len(val)) % 2 == 0))
    one, two = (json.loads(ranker(trees=1).find_weights(members, train, part, 10))["trees"] for part in (val, fewer))
    assert one[0] == two[0]
    assert one[1] != two[1]
    everyone, weights = torch.arange(USERS), ranker().find_weights(members, train, val, 10)
    changed = json.loads(weights)
    changed["trees"][1] = []
    found, other = (ranker(weights=w).of(members, train).scores(everyone) for w in (weights, json.dumps(changed)))
    moved = (found != other).any(1)
    assert bool(moved[fold == 1].all())
    assert not bool(moved[fold != 1].any())


def test_it_beats_a_member_of_noise_out_of_fold() -> None:
    train, val, scores = parts()
    members = {"a": as_scorer(table(scores[0])), "b": as_scorer(table(scores[1]))}
    found = fitted(members, train, val).scores(torch.arange(USERS))

    def precision(given: Tensor) -> float:
        given = given.clone()
        given[train.users, train.items] = -INF
        best = given.topk(3).indices + torch.arange(USERS)[:, None] * ITEMS
        return float(torch.isin(best, val.keys).float().mean())

    assert precision(found) > precision(scores.mean(0)) > precision(scores[0])


def test_numbers_depend_on_the_seed_but_not_on_threads() -> None:
    train, val, scores = parts()
    members = {"a": table(scores[0]), "b": table(scores[1])}
    wanted, threads = ranker(trees=3).find_weights(members, train, val, 10), torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert ranker(trees=3).find_weights(members, train, val, 10) == wanted
    finally:
        torch.set_num_threads(threads)
    assert ranker(trees=3, seed=1).find_weights(members, train, val, 10) != wanted


@pytest.mark.parametrize("option", [
    {"k": 1}, {"folds": 2}, {"trees": 1}, {"leaves": 3}, {"learning_rate": 0.01}, {"least": 40}, {"most_users": 30},
    {"extras": ["popularity"]},
])  # fmt: skip
def test_every_option_moves_the_trees(option: dict[str, Any]) -> None:
    train, val, scores = parts()
    members = {"a": table(scores[0]), "b": table(scores[1])}
    assert ranker(**option).find_weights(members, train, val, 10) != ranker().find_weights(members, train, val, 10)


def test_mistakes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    train, val, scores = parts()
    members = {"a": table(scores[0]), "b": table(scores[1])}
    nothing = val.select(torch.zeros(len(val), dtype=torch.bool))
    with pytest.raises(UserError, match=r"set split\.val"):
        ranker().find_weights(members, train, nothing, 10)
    with pytest.raises(UserError, match="has no trees yet"):
        ranker().of(members, train)
    weights = ranker().find_weights(members, train, val, 10)
    with pytest.raises(UserError, match="fitted on 4 features, and these members have 2"):
        ranker(weights=weights).of({"a": members["a"]}, train)
    pool = ranker()._pool(CandidateFeatures([as_scorer(members["a"])], train, 5, [], None), val)[0]
    with pytest.raises(UserError, match="raise depth="):
        ranker().fit(replace(pool, hits=pool.hits & False), torch.ones(len(pool.items), dtype=torch.bool), [1, 1])
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(UserError, match=r"pip install 'ltgnn\[rerank\]'"):
        ranker().find_weights(members, train, val, 10)

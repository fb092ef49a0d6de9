"""What a re-ranker sees, against loops."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ltgnn.scoring.candidate_features import CandidateFeatures, as_rows
from ltgnn.scoring.score_normalisation import ReciprocalRank, ZScore
from ltgnn.types import as_scorer
from tests.scoring.ensemble_case import INF, three

FEATURES = torch.randn(10, 4, generator=torch.Generator().manual_seed(3))


def test_features_of_candidates() -> None:
    train, _, members, scores = three()
    scores[1, :, 7] = -INF
    every = ["history", "similarity", "popularity"]
    sight = CandidateFeatures([as_scorer(member) for member in members.values()], train, 2, every, FEATURES)
    items, values, base = sight(torch.arange(12))
    assert sight.increasing == [1, 1, 1, 1, 1, 1, 0, 0, 0]
    seen = {u: train.items[train.users == u].tolist() for u in range(12)}
    unit = F.normalize(FEATURES - FEATURES.mean(0), dim=1)
    for u in range(12):
        rows = scores[:, u].clone()
        rows[:, seen[u]] = -INF
        chosen = set()
        for row in rows:
            free = [i for i in range(10) if row[i] > -INF]
            chosen |= set(sorted(free, key=lambda i: -float(row[i]))[:2])
        mine = [i for i in items[u].tolist() if i >= 0]
        assert mine == sorted(chosen)
        z = torch.cat([ZScore()(row[None]) for row in rows])
        rank = torch.cat([ReciprocalRank(60)(row[None]) for row in rows])
        for place, i in enumerate(mine):
            wanted = [x for m in range(3) for x in (z[m, i], rank[m, i])]
            profile = F.normalize(unit[seen[u]].sum(0), dim=0)
            wanted += [train.item_counts[i].add(1).log(), unit[i] @ profile, train.user_counts[u].add(1).log()]
            torch.testing.assert_close(values[u, place], torch.stack([torch.as_tensor(w) for w in wanted]).float())
        free = torch.isfinite(rows).any(0)
        torch.testing.assert_close(base[u, free], z.mean(0)[free])
        assert bool((base[u, ~free] == -INF).all())


def test_extras_that_are_not_there() -> None:
    train, _, members, _ = three()
    scorers = [as_scorer(member) for member in members.values()]
    assert CandidateFeatures(scorers, train, 2, ["similarity"], None)(torch.arange(3))[1].shape[2] == 6
    assert CandidateFeatures(scorers, train, 2, [], FEATURES)(torch.arange(3))[1].shape[2] == 6


def test_rows_of_a_mask() -> None:
    mask = torch.tensor([[True, False, True], [False, False, False], [False, True, False]])
    assert as_rows(mask).tolist() == [[0, 2], [-1, -1], [1, -1]]

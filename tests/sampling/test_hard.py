"""Dynamic hard negatives: many are drawn, those that the model ranks highest count."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.sampling.batches import stream
from ltgnn.sampling.hard import Hardest
from ltgnn.sampling.negatives import Uniform
from ltgnn.types import Batch, Encoded, Interactions, UserError


def test_hardest_keeps_the_best_scored(tiny: Interactions) -> None:
    uniform = partial(Uniform, negatives=8, exclude_train=False, shared=False)
    users, items = torch.randn(4, 3), torch.randn(5, 3)
    main = Encoded(users, items, ())
    for cosine in (False, True):
        sampler = Hardest(tiny, uniform, keep=2, cosine=cosine)
        drawn = sampler(tiny.users, tiny.items, stream(3))
        assert drawn.shape == (7, 8)
        kept = sampler.narrow(Batch(tiny.users, tiny.items, drawn), main)
        assert kept.proposal is None
        for user, candidates, best in zip(tiny.users.tolist(), drawn.tolist(), kept.neg.tolist(), strict=True):
            score = [float(users[user] @ items[i]) / (float(items[i].norm()) if cosine else 1) for i in candidates]
            wanted = sorted(score, reverse=True)[:2]
            found = [score[candidates.index(i)] for i in best]
            assert found == pytest.approx(wanted)
    with pytest.raises(UserError, match="keep=9"):
        Hardest(tiny, uniform, keep=9, cosine=False)(tiny.users, tiny.items, stream(3))

"""Negatives from several samplers side by side."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.sampling.batches import stream
from ltgnn.sampling.hard import Hardest
from ltgnn.sampling.mixture import Mixture
from ltgnn.sampling.negatives import Popularity, Uniform
from ltgnn.types import Batch, Encoded, Interactions, UserError


def test_mixture_lays_its_parts_side_by_side(tiny: Interactions) -> None:
    uniform = partial(Uniform, negatives=3, exclude_train=False, shared=False)
    popular = partial(Popularity, negatives=1, power=1.0, exclude_train=False, shared=False)
    sampler = Mixture(tiny, {"uniform": uniform, "popular": popular, "off": None})
    drawn = sampler(tiny.users, tiny.items, stream(3))
    assert drawn.shape == (7, 4)
    assert sampler.proposal is not None
    wanted = (3 * torch.full((5,), 0.2) + torch.tensor([3.0, 2, 1, 1, 0]) / 7) / 4
    torch.testing.assert_close(sampler.proposal, wanted.double(), atol=1e-6, rtol=0)
    hard = Mixture(tiny, {"uniform": uniform, "hard": partial(Hardest, candidates=uniform, keep=1, cosine=False)})
    batch = Batch(tiny.users, tiny.items, hard(tiny.users, tiny.items, stream(3)))
    main = Encoded(torch.randn(4, 3), torch.randn(5, 3), ())
    assert batch.neg.shape == (7, 6)
    assert hard.narrow(batch, main).neg.shape == (7, 4)
    assert hard.proposal is None
    with pytest.raises(UserError, match="no parts"):
        Mixture(tiny, {})

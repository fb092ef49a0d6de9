"""States as they are ranked: what is unknown is forgotten, cosines have unit vectors."""

from __future__ import annotations

import torch

from ltgnn.scoring.trained_scores import forget_unknown, unit
from ltgnn.testing import toy


def test_states_of_unknown_items_become_0() -> None:
    states = toy.encoded()
    assert forget_unknown(states) is states
    known = torch.arange(toy.ITEMS) < 5
    found = forget_unknown(states._replace(known=known)).items
    assert torch.equal(found[:5], states.items[:5])
    assert not found[5:].any()


def test_unit_vectors() -> None:
    torch.testing.assert_close(unit(torch.tensor([[3.0, 4.0], [0.0, 0.0]])), torch.tensor([[0.6, 0.8], [0.0, 0.0]]))

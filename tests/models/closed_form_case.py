"""What tests of closed form share."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.types import ClosedForm, Interactions
from tests.conftest import random_interactions

NUM_USERS, NUM_ITEMS = 30, 17

TOY_TRAIN = random_interactions(NUM_USERS, NUM_ITEMS - 1, 0.2, seed=3)

TOY_TRAIN = Interactions(TOY_TRAIN.users, TOY_TRAIN.items, NUM_USERS, NUM_ITEMS)  # the last item is cold

TEXT = torch.randn(NUM_ITEMS, 5, generator=torch.Generator().manual_seed(1))

EVERYONE = torch.arange(NUM_USERS)


def toy_matrix() -> Tensor:
    matrix = torch.zeros(NUM_USERS, NUM_ITEMS, dtype=torch.float64)
    matrix[TOY_TRAIN.users, TOY_TRAIN.items] = 1
    return matrix


def scores_of(model: ClosedForm, text: Tensor | None) -> Tensor:
    """What the formula gives to every user and item, also to the one that is not scorable."""
    return model.fit(TOY_TRAIN, text).unmasked()(EVERYONE)


def close(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found.double(), wanted, rtol=1e-4, atol=1e-5)

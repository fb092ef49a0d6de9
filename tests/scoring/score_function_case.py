"""What tests of score function share."""

from __future__ import annotations

from typing import Any

import torch

from ltgnn.scoring.score_function import Scoring
from ltgnn.types import Encoded, Interactions
from tests.conftest import random_interactions

U, I = 8, 11  # noqa: E741

TRAIN = random_interactions(U, I - 1, 0.3, seed=4)

TRAIN = Interactions(TRAIN.users, TRAIN.items, U, I)  # the last item is cold

COUNTS = TRAIN.item_counts.tolist()

STATES = Encoded(torch.randn(U, 4), torch.randn(I, 4), ())

EVERYONE = torch.arange(U)


def scoring(**options: Any) -> Scoring:
    return Scoring(**{"norm_power": 1.0, "adjustments": {}, "aggregation": None, "fit": None} | options)

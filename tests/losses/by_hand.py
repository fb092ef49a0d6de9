"""What the tests of losses share: by hand."""

from __future__ import annotations

import torch

from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.types import Batch, Encoded
from tests.conftest import interactions

TRAIN = interactions([(0, 0), (0, 1), (1, 1), (1, 2), (2, 1), (2, 3)], 6, 4)


def softmax(temperature: float, in_batch: bool, mask_own: bool, logq: float = 0.0) -> SampledSoftmax:
    return SampledSoftmax(TRAIN, {}, temperature, in_batch, mask_own, logq)


def encoded(users: torch.Tensor, items: torch.Tensor) -> Encoded:
    return Encoded(users, items, (torch.cat([users, items]),))


def two_users() -> tuple[Batch, Encoded]:
    users = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    items = torch.tensor([[3.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    return Batch(torch.tensor([0, 1]), torch.tensor([0, 1]), torch.tensor([[1], [2]])), encoded(users, items)

"""The hinge: the laws of every loss, and a value by hand."""

import torch
from ltgnn.testing.loss import LossCase
from ltgnn.types import Batch, Encoded, Loss

from myrec.losses import Hinge


class TestHinge(LossCase):
    def make(self) -> Loss:
        return Hinge(margin=0.5)


def test_a_value_by_hand() -> None:
    """One user (1, 0); the positive scores 1, the negatives .8 and -2: (.3 + 0) / 2."""
    users, items = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.8, 5.0], [-2.0, 1.0]])
    batch = Batch(torch.tensor([0]), torch.tensor([0]), torch.tensor([[1, 2]]))
    loss = Hinge(margin=0.5)(batch, Encoded(users, items, (), None), [])
    torch.testing.assert_close(loss, torch.tensor(0.15))

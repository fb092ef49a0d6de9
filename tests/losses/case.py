"""A random batch in float64 for naive loops, and gradcheck of a loss on it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ltgnn.types import Batch, Encoded, Interactions
from tests.conftest import interactions

TRAIN: Interactions = interactions([(0, 0), (0, 1), (1, 1), (1, 2), (2, 1), (2, 3), (3, 1), (4, 0), (5, 4)], 6, 6)
"""Counts 2, 4, 1, 1, 1, 0."""


def states(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def example(negatives: int = 3, width: int = 4) -> tuple[Batch, Encoded]:
    """7 rows over 6 users (0 and 1 twice) and 6 items (0 and 1 twice or more), with all-different vectors."""
    users, items = states(6, width), states(6, width, seed=1)
    neg = torch.randint(6, (7, negatives), generator=torch.Generator().manual_seed(2))
    batch = Batch(torch.tensor([0, 1, 2, 0, 3, 1, 4]), torch.tensor([0, 1, 2, 1, 0, 1, 3]), neg)
    return batch, Encoded(users, items, (torch.cat([users, items]),))


def cosine(a: Tensor, b: Tensor) -> float:
    """Naive, from the definition."""
    dot = sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))
    norms = [sum(x * x for x in v.tolist()) ** 0.5 for v in (a, b)]
    return dot / norms[0] / norms[1]


def gradients_agree(
    loss: Callable[..., Tensor], batch: Batch, main: Encoded, views: list[Encoded] | None = None
) -> bool:
    """gradcheck on the states of users and items."""

    def value(users: Tensor, items: Tensor) -> Tensor:
        moved = main._replace(users=users, items=items, layers=(torch.cat([users, items]),))
        return loss(batch, moved, views or [])

    users, items = (part.detach().clone().requires_grad_() for part in (main.users, main.items))
    return torch.autograd.gradcheck(value, (users, items))

"""Shared fixtures: a tiny shop with structure that a recommender can learn."""

from __future__ import annotations

import os

import pytest
import torch

from ltgnn.types import Interactions

os.environ.setdefault("WANDB_MODE", "offline")
os.environ.setdefault("WANDB_SILENT", "true")


def interactions(pairs: list[tuple[int, int]], num_users: int, num_items: int) -> Interactions:
    users, items = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).T
    return Interactions(users.contiguous(), items.contiguous(), num_users, num_items)


@pytest.fixture
def tiny() -> Interactions:
    """4 users, 5 items; item 4 is cold."""
    return interactions([(0, 0), (0, 1), (1, 0), (1, 2), (2, 0), (2, 3), (3, 1)], 4, 5)


def random_interactions(num_users: int, num_items: int, share: float, seed: int) -> Interactions:
    """Each pair with probability ``share``; every user has at least one item."""
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.rand(num_users, num_items, generator=generator) < share
    matrix[torch.arange(num_users), torch.randint(num_items, (num_users,), generator=generator)] = True
    users, items = matrix.nonzero().T
    return Interactions(users.contiguous(), items.contiguous(), num_users, num_items)

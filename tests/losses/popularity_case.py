"""What tests of popularity share."""

from __future__ import annotations

import math

import torch

from ltgnn.types import Batch, Encoded, Groups

GROUPS = {"items20": Groups("items20", ("head", "tail", "cold"), torch.tensor([0, 0, 1, 1, 1, 2]).to(torch.int8), "")}

COUNTS = [2, 4, 1, 1, 1, 0]


def soft(x: float) -> float:
    return math.log1p(math.exp(x))


def pairs(batch: Batch) -> list[tuple[int, int, list[int]]]:
    return list(zip(batch.users.tolist(), batch.pos.tolist(), batch.neg.tolist(), strict=True))


def dot(main: Encoded, user: int, item: int) -> float:
    return float(main.users[user] @ main.items[item])

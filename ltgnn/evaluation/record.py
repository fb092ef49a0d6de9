"""What an evaluation counts by, and where its numbers are collected."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ltgnn.evaluation.lists import Number
from ltgnn.types import Interactions


class Stratum(NamedTuple):
    """The held-out pairs of one group of items, of events, of both, or all, and how many each user has."""

    prefix: str  # of value names: "", "items20/tail/", "scene/web/", "scene/web/items20/tail/"
    pairs: Tensor  # [p] bool, held-out pairs in the group
    relevant: Tensor  # [n] int64
    members: Tensor | None  # [I] bool, items of the group; None: all
    held_out: Interactions | None = None  # pairs of the group of events; None: all


class Record:
    """Collects numbers under their names."""

    def __init__(self, users: int) -> None:
        self.users = users
        self.values: dict[str, float] = {}
        self.per_user: dict[str, Tensor] = {}

    def add(self, name: str, number: Number) -> None:
        """Keep a number for all, or one per user [n] and its mean where defined; nothing that is defined nowhere."""
        if isinstance(number, Tensor):
            defined = number[~torch.isnan(number)]
            if defined.numel():
                self.values[name], self.per_user[name] = float(defined.mean()), number
        elif number is not None and number == number:
            self.values[name] = number

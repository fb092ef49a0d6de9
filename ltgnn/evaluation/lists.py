"""Input of metrics beyond accuracy: the lists of all users, with the data they are evaluated against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ltgnn.tensors.csr import Csr
from ltgnn.types import Interactions


@dataclass(frozen=True)
class Lists:
    """Lists of one length for the evaluated users. ``c_i`` is always the number of train interactions of item i."""

    users: Tensor  # [n] int64
    items: Tensor  # [n, K] int64, -1 where a list is shorter
    scores: Tensor  # [n, K] float32, -inf where a list is shorter
    found: Tensor  # [n, K] bool, True where the item is held out
    relevant: Tensor  # [n] int64, held-out items of the user
    held_out: Interactions
    train: Interactions
    seen: Csr  # by user, the items that are not candidates
    features: Tensor | None  # [I, D], None where there are none
    categories: Csr | None  # by item, its category numbers; None where there are none

    def first(self, k: int) -> Lists:
        """The same lists, ended after ``k`` places."""
        return replace(self, items=self.items[:, :k], scores=self.scores[:, :k], found=self.found[:, :k])

    @cached_property
    def valid(self) -> Tensor:
        """True where there is an item.  [n, K] bool"""
        return self.items >= 0

    @cached_property
    def length(self) -> Tensor:
        """Items in each list.  [n] int64"""
        return self.valid.sum(1)

    @cached_property
    def counts(self) -> Tensor:
        """c_i of the listed items, 0 where there is none.  [n, K] float64"""
        return self.train.item_counts[self.items.clamp(min=0)].double() * self.valid

    @cached_property
    def exposure(self) -> Tensor:
        """Number of lists that hold each item.  [I] int64"""
        return torch.bincount(self.items[self.valid], minlength=self.train.num_items)

    def mean(self, values: Tensor) -> Tensor:
        """Mean of ``values`` [n, K] over the items of each list; nan for an empty list.  [n] float64"""
        return (values.double() * self.valid).sum(1) / self.length


Number = Tensor | float | None
"""One number per user [n] float64 (nan where undefined), one for all, or None where the data it needs is missing."""

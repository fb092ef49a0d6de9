"""Negatives drawn on the device of the batch: uniform, by popularity, or none."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn

from ltgnn.types import Interactions, Sampler, UserError


class Negatives(nn.Module, Sampler):
    """Base of our samplers: the table of chances is a buffer, None unless it is set."""

    chances: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("chances", None, persistent=False)

    @property
    def proposal(self) -> Tensor | None:
        return self.chances


class InBatch(Negatives):
    """No sampled negatives: the loss takes the other positives of the batch."""

    draws = False

    def __init__(self, train: Interactions) -> None:
        super().__init__()

    def forward(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        """[B, 0]"""
        return users.new_empty(len(users), 0)


class Drawn(Negatives):
    """``negatives`` items per pair with chances proportional to whole ``weights`` [I], 0 for never.

    With ``exclude_train`` the draw is exact and needs no rejection. Lay the weights end to end; a draw is a place
    on that line, outside the user's own items. Draw a place ``r`` on what is left of the line, then put back the own
    items before it: the own item ``t`` lies before ``r`` when ``start(t) - (own weight before t) <= r``; one binary
    search per draw. ``shared``: one draw for the whole batch, which comes back as a view of stride 0.
    """

    keys: Tensor
    offsets: Tensor
    cumulative: Tensor
    ends: Tensor

    def __init__(self, train: Interactions, weights: Tensor, negatives: int, exclude_train: bool, shared: bool) -> None:
        super().__init__()
        if negatives < 1:
            raise UserError(f"sampler.negatives={negatives} given, at least 1 wanted (or sampler=in_batch).")
        if shared and exclude_train:
            raise UserError(
                "negatives shared by a batch cannot exclude each user's own items: set "
                "sampler.negatives.exclude_train=false or sampler.negatives.shared=false."
            )
        self.negatives, self.exclude_train, self.shared = negatives, exclude_train, shared
        self.total, self.unit = int(weights.sum()), bool((weights == 1).all())
        ends = torch.cumsum(weights, 0)
        offsets, items = train.by_user
        # of one unit each: the place in the table itself
        cumulative = torch.zeros(0 if self.unit else len(train) + 1, dtype=torch.int64)
        if not self.unit:
            cumulative[1:] = torch.cumsum(weights[items], 0)
        self.register_buffer("cumulative", cumulative, persistent=False)
        if exclude_train and int(self._mass(offsets).diff().max()) == self.total:
            raise UserError(
                "a user has interacted with every item, so no negative exists: set "
                "sampler.negatives.exclude_train=false."
            )
        users = torch.repeat_interleave(torch.arange(train.num_users), train.user_counts)
        before = self._mass(torch.arange(len(train))) - self._mass(offsets)[users]
        keys = users * (self.total + 1) + (ends - weights)[items] - before
        for name, table in (("keys", keys), ("offsets", offsets), ("ends", ends)):
            self.register_buffer(name, table, persistent=False)
        self.chances = weights.double() / self.total

    def forward(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        """[B], [B] -> [B, S] int64."""
        rows = 1 if self.shared else len(users)
        shape, device = (rows, self.negatives), users.device
        if not self.exclude_train:
            place = torch.randint(self.total, shape, generator=generator, device=device)
            return self._items(place).expand(len(users), -1)
        first = self.offsets[users, None]
        free = self.total - (self._mass(self.offsets[users + 1, None]) - self._mass(first))
        share = torch.rand(shape, generator=generator, device=device, dtype=torch.float64)
        left = torch.minimum((share * free).long(), free - 1)
        until = torch.searchsorted(self.keys, users[:, None] * (self.total + 1) + left, right=True)
        return self._items(left + self._mass(until) - self._mass(first))

    def _mass(self, places: Tensor) -> Tensor:
        """The weight of the own items, of all users one after the other, before each of some places among them."""
        return places if self.unit else self.cumulative[places]

    def _items(self, place: Tensor) -> Tensor:
        return place if self.unit else torch.searchsorted(self.ends, place, right=True)


class Uniform(Drawn):
    """Uniform over the catalogue, or over the items not in the user's train part."""

    def __init__(
        self, train: Interactions, negatives: Annotated[int, Ge(1)], exclude_train: bool, shared: bool
    ) -> None:
        weights = torch.ones(train.num_items, dtype=torch.int64)
        super().__init__(train, weights, negatives, exclude_train, shared)


class Popularity(Drawn):
    """Chances proportional to ``(train count)^power``: 0 uniform over the items seen, .75 word2vec's, 1 as in a batch.

    The chances are whole numbers over at most 2^40, so that leaving out a user's items is exact.
    """

    def __init__(
        self, train: Interactions, negatives: Annotated[int, Ge(1)], power: float, exclude_train: bool, shared: bool
    ) -> None:
        mass = train.item_counts.double().clamp_min(0.5).pow(power) * (train.item_counts > 0)
        line = min(2**40, 2**61 // (train.num_users + 1))
        weights = (mass / mass.sum() * line).round().long().clamp_min((mass > 0).long())
        super().__init__(train, weights, negatives, exclude_train, shared)

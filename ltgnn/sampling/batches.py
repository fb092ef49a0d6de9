"""Batches of train pairs, and the random streams that they and the negatives are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ltgnn.types import Batch, Interactions, UserError


def stream(seed: int, *place: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that depends only on (seed, place), such as (seed, epoch, step): no state to save or to share."""
    mixed = seed
    for number in place:  # splitmix64, so that neighbouring places give unrelated streams
        mixed = (mixed + 0x9E3779B97F4A7C15 * (number + 1)) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 31
    return torch.Generator(device=device).manual_seed(mixed & 0x7FFFFFFFFFFFFFFF)


class PairBatches:
    """One epoch of (user, positive) batches; ``epoch()`` gives its number, so that a resumed run continues exactly.

    ``unit="edges"``: each train pair once, shuffled. ``unit="users"``: E users drawn with replacement among those with
    a train pair, then one positive of each (LightGCN-PyTorch).
    """

    def __init__(
        self, train: Interactions, batch_size: int, unit: str, seed: int, epoch: Callable[[], int] = lambda: 0
    ) -> None:
        if unit not in ("edges", "users"):
            raise UserError(f"sampler.epoch_unit={unit} given, edges or users wanted.")
        if batch_size < 1:
            raise UserError(f"batch_size={batch_size} given, at least 1 wanted.")
        self.train, self.batch_size, self.unit, self.seed, self.epoch = train, batch_size, unit, seed, epoch

    def __len__(self) -> int:
        return -(-len(self.train) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        generator = stream(self.seed, self.epoch())
        nothing = torch.empty(0, 0, dtype=torch.int64)
        if self.unit == "edges":
            order = torch.randperm(len(self.train), generator=generator)
            for rows in order.split(self.batch_size):
                yield Batch(self.train.users[rows], self.train.items[rows], nothing)
        else:
            users, pos = self._users(generator)
            for some, theirs in zip(users.split(self.batch_size), pos.split(self.batch_size), strict=True):
                yield Batch(some, theirs, nothing)

    def _users(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        offsets, items = self.train.by_user
        active = torch.nonzero(self.train.user_counts)[:, 0]
        users = active[torch.randint(len(active), (len(self.train),), generator=generator)]
        share = torch.rand(len(users), generator=generator, dtype=torch.float64)
        pos = items[offsets[users] + (share * self.train.user_counts[users]).long()]
        return users, pos

"""The train events of each user in the order of time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ltgnn.types import Interactions, UserError


class Histories(nn.Module):
    """Events of each user, oldest first (of the same time, as the data has them); buffers outside the checkpoint."""

    offsets: Tensor  # [U + 1]
    events: Tensor  # [E] items by user and time
    keys: Tensor  # [E] user * I + item, ascending
    places: Tensor  # [E] place of each key in its user's history

    def __init__(self, train: Interactions) -> None:
        super().__init__()
        if train.times is None:
            raise UserError(
                "model=gru4rec, lstm and sasrec read the train events in order, and this data has no times: name the "
                "column in data.reader.time, or choose a model without order, such as model=lightgcn."
            )
        self.num_items = train.num_items
        by_time = torch.argsort(train.times, stable=True)
        order = by_time[torch.argsort(train.users[by_time], stable=True)]
        offsets = torch.zeros(train.num_users + 1, dtype=torch.int64)
        offsets[1:] = torch.cumsum(train.user_counts, 0)
        places = torch.arange(len(train)) - offsets[train.users[order]]
        keys, by_key = torch.sort(train.keys[order])
        for name, value in (("offsets", offsets), ("events", train.items[order]), ("keys", keys)):
            self.register_buffer(name, value, persistent=False)
        self.register_buffer("places", places[by_key], persistent=False)

    def lengths(self, users: Tensor) -> Tensor:
        """Events of each user.  [B]"""
        return self.offsets[users + 1] - self.offsets[users]

    def place(self, users: Tensor, items: Tensor) -> Tensor:
        """How many events of the user came before this one of the train part.  [B], [B] -> [B]"""
        return self.places[torch.searchsorted(self.keys, users * self.num_items + items)]

    def select_before(self, users: Tensor, places: Tensor, limit: int) -> tuple[Tensor, Tensor]:
        """The last ``limit`` items before ``places`` [B], oldest first, filled up with I; and how many.  [B, n], [B]"""
        lengths = places.clamp(max=limit)
        steps = torch.arange(int(lengths.max()) if lengths.numel() else 0, device=users.device)
        rows = (self.offsets[users] + places - lengths)[:, None] + steps
        items = self.events[rows.clamp(max=len(self.events) - 1)]
        return items.masked_fill(steps >= lengths[:, None], self.num_items), lengths

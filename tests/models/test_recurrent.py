"""GRU and LSTM over a history."""

from __future__ import annotations

from functools import partial

import torch
from torch.nn import functional as F

from ltgnn.models.recurrent import Recurrent
from ltgnn.types import Batch, Interactions
from tests.models.sequence_case import build, graph


def test_overfits_next_items() -> None:
    """A chain 0 1 2 ... is learned by heart: each next item is ranked first."""
    users, places = torch.arange(4).repeat_interleave(5), torch.arange(5).repeat(4)
    train = Interactions(users, (users + places) % 8, 4, 8, places.double())
    model = build(train, partial(Recurrent, cell=torch.nn.GRU, layers=1, dropout=0.0))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    batch = Batch(train.users, train.items, torch.empty(20, 0, dtype=torch.int64))
    later = places > 0  # the first item of a user cannot be known
    for _ in range(150):
        model.prepare_batch(batch)
        encoded = model(graph(train))
        loss = F.cross_entropy((encoded.users @ encoded.items.T)[later], train.items[later])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05

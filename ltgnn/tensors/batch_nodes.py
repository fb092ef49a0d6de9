"""The distinct nodes of a batch, and the batch with its nodes numbered anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ltgnn.types import Batch, Encoded


class BatchNodes(NamedTuple):
    """What a loss that is ``local`` reads of the graph."""

    users: Tensor  # [n] distinct, ascending
    items: Tensor  # [m] distinct, ascending: positives and negatives
    batch: Batch  # user ``users[k]`` is called k in it, item ``items[k]`` k


def covers_catalogue(batch: Batch, num_items: int) -> bool:
    """Whether a batch draws as many items as there are, so that its nodes cover most of the graph."""
    return drawn_items(batch).numel() > num_items


def drawn_items(batch: Batch) -> Tensor:
    """The negatives, those that all rows share once."""
    return batch.neg[0] if batch.neg.shape[0] > 1 and batch.neg.stride(0) == 0 else batch.neg


def nodes_of(batch: Batch, num_users: int, num_items: int) -> BatchNodes:
    """Costs O(U + I + B S), no sorting. Negatives that all rows share stay a view of stride 0."""
    negatives = drawn_items(batch)
    shared = negatives.dim() == 1
    users, user_place = number_distinct([batch.users], num_users)
    items, item_place = number_distinct([batch.pos, negatives.reshape(-1)], num_items)
    renamed = item_place[negatives]
    proposal = None if batch.proposal is None else batch.proposal[items]
    neg = renamed.expand(batch.neg.shape) if shared else renamed
    numbers = batch.user_numbers(users), batch.item_numbers(items)
    return BatchNodes(users, items, Batch(user_place[batch.users], item_place[batch.pos], neg, proposal, *numbers))


def per_batch_states(batches: Sequence[Batch], main: Encoded) -> list[tuple[Batch, Encoded]]:
    """Each of some batches behind one pass with the states of its own nodes only, for losses that are ``local``.

    Read from ``main`` itself, each would have a gradient of the size of all their nodes, which costs the square of
    their number.
    """
    nodes = [nodes_of(batch, len(main.users), len(main.items)) for batch in batches]
    users, items = [part.users for part in nodes], [part.items for part in nodes]
    both = [torch.cat([part.users, part.items + len(main.users)]) for part in nodes]
    states = zip(_rows(main.users, users), _rows(main.items, items), strict=True)
    layers = [_rows(layer, both) for layer in main.layers]
    contents = [None] * len(nodes) if main.content is None else _rows(main.content, items)
    return [
        (part.batch, Encoded(*state, tuple(layer[number] for layer in layers), content))
        for number, (part, state, content) in enumerate(zip(nodes, states, contents, strict=True))
    ]


def _rows(table: Tensor, places: list[Tensor]) -> Sequence[Tensor]:
    """Some rows of a table, some others, ..: one gather, so that the backward pass fills one table."""
    rows: Sequence[Tensor] = table.index_select(0, torch.cat(places)).split([len(some) for some in places])
    return rows


def number_distinct(ids: list[Tensor], size: int) -> tuple[Tensor, Tensor]:
    """The numbers that occur, ascending [n], and the place of each among them [size], undefined for the others."""
    present = torch.zeros(size, dtype=torch.bool, device=ids[0].device)
    for some in ids:
        present[some] = True
    found = torch.nonzero(present)[:, 0]
    place = torch.empty(size, dtype=torch.int64, device=found.device)
    place[found] = torch.arange(len(found), device=found.device)
    return found, place

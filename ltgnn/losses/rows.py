"""The rows of a batch and their scores, gathered so that the backward pass is fast."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.types import Batch, Columns, Encoded, UserError

DENSE = 8
"""Items per negative below which all items are scored at once: a matrix product is cheaper than gathering vectors."""


def rows(main: Encoded, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Final states of the batch's users [B, d], positives [B, d] and negatives [B, S, d].

    ``F.embedding`` rather than indexing: the backward of ``table[index]`` is ``index_put``, five times slower on CPU.
    """
    users = F.embedding(batch.users, main.users)
    return users, F.embedding(batch.pos, main.items), F.embedding(batch.neg, main.items)


def scores(main: Encoded, batch: Batch, cosine: bool) -> tuple[Tensor, Tensor]:
    """Inner products, or cosines, of the users with their positives [B] and with their sampled negatives [B, S].

    The same numbers by the cheapest computation: negatives that the whole batch shares (a view of stride 0) and
    negatives that cover much of the catalogue are scored by one matrix product, others by gathering their vectors.
    """
    if main.columns is None:
        return _of_tables(main, batch, cosine)
    return _of_shared_columns(main.columns, main, batch, cosine)


def _of_shared_columns(columns: Columns, main: Encoded, batch: Batch, cosine: bool) -> tuple[Tensor, Tensor]:
    """The same from some of the columns: products and squared norms are added up over the processes, then divided."""
    pos, neg = _of_tables(main, batch, cosine=False)
    products = columns.sum(torch.cat([pos[:, None], neg], 1))
    if cosine:
        squares = columns.sum(torch.cat([main.users.pow(2).sum(1), main.items.pow(2).sum(1)]))
        users, items = squares.clamp_min(1e-24).sqrt().split([len(main.users), len(main.items)])
        products = products / (users[batch.users][:, None] * items[torch.cat([batch.pos[:, None], batch.neg], 1)])
    return products[:, 0], products[:, 1:]


def _of_tables(main: Encoded, batch: Batch, cosine: bool) -> tuple[Tensor, Tensor]:
    def unit(states: Tensor) -> Tensor:
        return F.normalize(states, dim=-1) if cosine else states

    users, items = unit(F.embedding(batch.users, main.users)), main.items
    shape = batch.neg.shape
    if shape[1] == 1:  # one gather: a second would cost another pass over a gradient of all items
        pair = unit(F.embedding(torch.cat([batch.pos[:, None], batch.neg], 1), items))  # [B, 2, d]
        pos, neg = (users.unsqueeze(1) * pair).sum(-1).unbind(1)
        return pos, neg[:, None]
    pos = (users * unit(F.embedding(batch.pos, items))).sum(-1)
    if 0 in shape:
        return pos, users.new_empty(shape)
    if shape[0] > 1 and batch.neg.stride(0) == 0:
        return pos, users @ unit(F.embedding(batch.neg[0], items)).T
    if items.shape[0] <= DENSE * shape[1]:
        return pos, (users @ unit(items).T).gather(1, batch.neg)
    return pos, (unit(F.embedding(batch.neg, items)) @ users.unsqueeze(-1)).squeeze(-1)


def need_width(states: Tensor, width: int, loss: str) -> None:
    """Refuse states that a part of the loss was not made for."""
    if states.shape[1] != width:
        raise UserError(
            f"loss={loss} is made for states of width {width}, but this model's have {states.shape[1]} "
            "(model=lightgcn_content concatenates the content). Set model=lightgcn, or another loss=."
        )

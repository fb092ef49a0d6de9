"""The best columns of each row of a block of scores, exact and tie-proof."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from ltgnn.types import UserError

RUNS = (128, 32, 8)
"""Lengths of runs of neighbouring items: the longest is taken of which there are at least ``2 k``."""

LAST = 0xFFFFFFFF
NO_KEY = -(2**63)
"""The order key of no item: behind those of all scores."""


def best_items(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` best columns of ``scores`` [B, I]: (items [B, k], scores [B, k]); -1 where nothing above -inf is left.

    Best first, ties by smaller item id. Each row is split into runs, and the ``k`` runs with the largest maxima are
    kept: every top-k item is in one of them, also under ties, since equal runs are ranked by item id like equal items.
    The result is exact, and the costly sorting meets some dozen numbers a row instead of I. Raises ``UserError`` when a
    score is nan.
    """
    rows, width = scores.shape
    if not rows:  # an empty view has no inferable shape
        return torch.empty(0, k, dtype=torch.int64), torch.empty(0, k)
    length = next((length for length in RUNS if width // length >= 2 * k), None)
    if length is None:
        fail_on_nan(scores)
        keys = order_keys(scores, torch.arange(width, device=scores.device))
    else:
        even = width // length * length
        maxima = scores[:, :even].view(rows, -1, length).amax(2)  # nan propagates
        fail_on_nan(maxima)
        fail_on_nan(scores[:, even:])
        chosen, best = decode_keys(largest(order_keys(maxima, torch.arange(maxima.shape[1], device=scores.device)), k))
        keys = keys_above(scores, chosen, length, best.amin(1)) if scores.is_cpu else keys_in(scores, chosen, length)
    items, values = decode_keys(largest(keys, min(k, keys.shape[1])).sort(1, descending=True).values)
    items = items.masked_fill(values == -torch.inf, -1)
    short = k - items.shape[1]
    return pad(items, (0, short), value=-1), pad(values, (0, short), value=-torch.inf)


def keys_in(scores: Tensor, chosen: Tensor, length: int) -> Tensor:
    """Order keys of the items of the ``chosen`` runs [B, k] and of those behind the last run.  [B, k length + rest]"""
    rows, width = scores.shape
    inside = chosen[:, :, None] * length + torch.arange(length, device=scores.device)
    rest = torch.arange(width // length * length, width, device=scores.device)
    items = torch.cat([inside.flatten(1), rest.expand(rows, -1)], 1)
    return order_keys(scores.gather(1, items), items)


def keys_above(scores: Tensor, chosen: Tensor, length: int, floor: Tensor) -> Tensor:
    """As ``keys_in``, but only of the items that reach the ``floor`` [B], at the left end of their row.

    With the least of the ``k`` maxima as the floor ``k`` items reach it, so that no other can be listed. In numpy,
    which copies runs and finds hits several times faster than torch on CPU.
    """
    (rows, width), k = scores.shape, chosen.shape[1]
    even, inside, table, runs = width // length * length, k * length, scores.numpy(), chosen.numpy()
    hits, bar = np.empty((rows, inside + width - even), dtype=bool), floor.numpy()[:, None]
    split = scores[:, :even].view(rows, -1, length).numpy()
    np.greater_equal(split[np.arange(rows)[:, None], runs].reshape(rows, -1), bar, out=hits[:, :inside])
    np.greater_equal(table[:, even:], bar, out=hits[:, inside:])
    row, column = np.divmod(np.flatnonzero(hits), hits.shape[1])
    items = np.where(
        column < inside,
        runs[row, np.minimum(column // length, k - 1)] * length + column % length,
        column + (even - inside),
    )
    return side_by_side(rows, k, row, torch.from_numpy(table[row, items]), torch.from_numpy(items))


def side_by_side(rows: int, k: int, row: Any, scores: Tensor, ids: Tensor) -> Tensor:
    """Order keys of entries that are sorted by their ``row``, each row from the left.  [e] -> [rows, k or more]"""
    many = np.bincount(row, minlength=rows)
    place = np.arange(len(row)) - (np.cumsum(many) - many)[row]
    keys = np.full((rows, max(k, many.max())), NO_KEY)
    keys[row, place] = order_keys(scores, ids).numpy()
    return torch.from_numpy(keys)


def largest(keys: Tensor, k: int) -> Tensor:
    """The ``k`` largest numbers of each row, in any order.  int64 [B, n] -> [B, k]"""
    if not keys.is_cpu:
        return keys.topk(k, sorted=False).values
    first = keys.shape[1] - k
    return torch.from_numpy(np.partition(keys.numpy(), first, axis=1)[:, first:])  # vectorised: torch.topk is not


def order_keys(scores: Tensor, ids: Tensor) -> Tensor:
    """int64 numbers that sort like (score, smaller id first); float32 ``scores`` without nan, ``ids`` below 2^32."""
    return (order_bits(scores) << 32) + (LAST - ids)


def decode_keys(keys: Tensor) -> tuple[Tensor, Tensor]:
    """The ids and scores of order keys; what was -0 is 0."""
    bits = (keys >> 32).int()
    return LAST - (keys & LAST), (bits ^ ((bits >> 31) & 0x7FFFFFFF)).view(torch.float32)


def order_bits(scores: Tensor) -> Tensor:
    """int64 numbers below 2^31 in size that sort like the float32 ``scores``; equal for equal scores."""
    bits = (scores + 0.0).view(torch.int32)  # + 0.0: the two zeros become one
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).long()  # the bits of negative floats count backwards


def fail_on_nan(scores: Tensor) -> None:
    """``UserError`` if a score is nan: no order holds it."""
    if torch.isnan(scores).any():
        raise UserError(
            "the model gave nan as a score: training has diverged; lower lr or raise the loss's temperature"
        )

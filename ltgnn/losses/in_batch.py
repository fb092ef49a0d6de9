"""The log of the summed exponentials of in-batch scores, without a trail of B x B intermediates."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 2**22
"""Scores of one block on CPU: large, since every operation has to wake the threads, and there are few of them."""

SAFE = 40.0
"""Scores up to here need no shift by the largest: the sum of their exponentials is far from the ends of float32."""


def product_logsumexp(
    rows: Tensor, columns: Tensor, shift: Tensor | None = None, names: Tensor | None = None, block: int = BLOCK
) -> Tensor:
    """``log sum_j exp(rows_i . columns_j - shift_j)`` over the ``j`` with another name than ``i``.  [B, d] -> [B]

    ``columns`` [B, d], ``shift`` [B] (a constant), ``names`` [B]; ``block``: scores at a time on CPU. A row
    without any column is -inf. One matrix is kept
    for the backward pass, the exponentials; autograd of the same formula keeps five and passes over memory 25 times.
    """
    result: Tensor = _ProductLogSumExp.apply(rows, columns, shift, names, block)  # type: ignore[no-untyped-call]
    return result


class _ProductLogSumExp(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, columns: Tensor, shift: Tensor | None, names: Tensor | None, block: int
    ) -> Tensor:
        size = max(1, block // len(columns)) if rows.device.type == "cpu" else len(rows)
        exponentials, totals = rows.new_empty(len(rows), len(columns)), rows.new_empty(len(rows), 1)
        tops = rows.new_zeros(len(rows), 1)
        small = shift is None and is_bounded(rows, columns, SAFE)
        first, same = (None, None) if names is None else namesakes(names)
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            scores = torch.mm(rows[part], columns.T, out=exponentials[part])
            if shift is not None:
                scores.sub_(shift)
            if first is not None and same is not None:
                inside = slice(*torch.searchsorted(first, first.new_tensor([start, start + len(scores)])).tolist())
                scores[first[inside] - start, same[inside]] = -torch.inf
            if not small:
                tops[part] = scores.amax(1, keepdim=True).clamp_min(torch.finfo(scores.dtype).min)
                scores.sub_(tops[part])
            totals[part] = scores.exp_().sum(1, keepdim=True)
        ctx.save_for_backward(rows, columns, exponentials, totals)
        return (totals.log() + tops).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        rows, columns, exponentials, totals = ctx.saved_tensors
        weight = gradient.unsqueeze(1) / totals.clamp_min(torch.finfo(totals.dtype).tiny)
        return weight * (exponentials @ columns), exponentials.T @ (weight * rows), None, None, None


def is_bounded(rows: Tensor, columns: Tensor, limit: float) -> bool:
    """Whether no inner product can be larger in size, by Cauchy and Schwarz; not asked on a card, which would wait."""
    if rows.device.type != "cpu":
        return False
    return float(rows.norm(dim=1).max() * columns.norm(dim=1).max()) <= limit


def namesakes(names: Tensor) -> tuple[Tensor, Tensor]:
    """All pairs of places with the same name, each with itself, too; the first place ascending.  [B] -> 2 x [n]"""
    _, name, times = torch.unique(names, return_inverse=True, return_counts=True)
    order, starts = torch.argsort(name, stable=True), torch.cumsum(times, 0) - times
    first = torch.repeat_interleave(times[name])
    before = torch.cumsum(times[name], 0) - times[name]
    within_group = torch.arange(len(first), device=names.device) - before[first]
    return first, order[starts[name][first] + within_group]

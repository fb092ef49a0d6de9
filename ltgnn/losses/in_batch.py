"""The log of the summed exponentials of in-batch scores, without a trail of B x B intermediates."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 2**18
"""Scores of one block on CPU: what is computed stays in the cache until it is used up."""


def product_logsumexp(
    rows: Tensor, columns: Tensor, shift: Tensor | None = None, names: Tensor | None = None
) -> Tensor:
    """``log sum_j exp(rows_i . columns_j - shift_j)`` over the ``j`` with another name than ``i``.  [B, d] -> [B]

    ``columns`` [B, d], ``shift`` [B] (a constant), ``names`` [B]. A row without any column is -inf. One matrix is kept
    for the backward pass, the softmax; autograd of the same formula keeps five and passes over memory 25 times.
    """
    result: Tensor = _ProductLogSumExp.apply(rows, columns, shift, names)  # type: ignore[no-untyped-call]
    return result


class _ProductLogSumExp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, columns: Tensor, shift: Tensor | None, names: Tensor | None) -> Tensor:
        size = max(1, BLOCK // len(columns)) if rows.device.type == "cpu" else len(rows)
        softmax, result = rows.new_empty(len(rows), len(columns)), rows.new_empty(len(rows))
        names = None if names is None else names.to(torch.int32)
        for start in range(0, len(rows), size):
            block = slice(start, start + size)
            scores = torch.mm(rows[block], columns.T, out=softmax[block])
            if shift is not None:
                scores.sub_(shift)
            if names is not None:
                scores.masked_fill_(names[block, None] == names, -torch.inf)
            top = scores.amax(1, keepdim=True).clamp_min(torch.finfo(scores.dtype).min)
            total = scores.sub_(top).exp_().sum(1, keepdim=True)
            scores.div_(total.clamp_min(torch.finfo(scores.dtype).tiny))
            result[block] = (total.log() + top).squeeze(1)
        ctx.save_for_backward(rows, columns, softmax)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        rows, columns, softmax = ctx.saved_tensors
        weight = gradient.unsqueeze(1)
        return weight * (softmax @ columns), softmax.T @ (weight * rows), None, None

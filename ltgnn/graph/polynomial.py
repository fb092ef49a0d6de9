"""A polynomial of the adjacency at some of the nodes: what a linear model on a batch needs, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ltgnn.graph.kernels import BAGS, Csr, Kernel

NARROW = 0.5
"""Share of the edges up to which a hop to some of the nodes is cheaper than the hop to all of them."""


def polynomial(
    states: Tensor, matrix: Csr, transposed: Csr, kernel: Kernel, coefficients: Sequence[float], nodes: Tensor
) -> tuple[Tensor, Tensor]:
    """``(sum over l of c_l A^l) states`` and ``states`` in the rows ``nodes`` [n], distinct.  [N, d] -> 2 x [n, d]

    By Horner's rule, ``x, x + A x, x + A (x + A x) ...``, so that no layer is kept for the backward pass and no
    gradients of layers are added up; the last hop goes to ``nodes`` alone, and its backward comes from them alone.
    The last coefficient must not be 0. Differentiable once.
    """
    result: tuple[Tensor, Tensor] = _Polynomial.apply(  # type: ignore[no-untyped-call]
        states, matrix, transposed, kernel, tuple(coefficients), nodes
    )
    return result


class _Polynomial(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        matrix: Csr,
        transposed: Csr,
        kernel: Kernel,
        coefficients: tuple[float, ...],
        nodes: Tensor,
    ) -> tuple[Tensor, Tensor]:
        ctx.parts = (states.shape, transposed, kernel, coefficients, nodes)
        ctx.set_materialize_grads(False)
        first, last = states.detach().contiguous(), coefficients[-1]
        own = first.index_select(0, nodes)
        if len(coefficients) == 1:
            return own * last, own
        matrix, total = matrix.to(states.dtype), first
        for coefficient in reversed(coefficients[1:-1]):
            total = kernel(matrix, total).add_(first, alpha=coefficient / last)
        return hop_to(nodes, matrix, total, kernel).mul_(last).add_(own, alpha=coefficients[0]), own

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, final: Tensor | None, own: Tensor | None) -> tuple[Tensor | None, ...]:
        shape, transposed, kernel, coefficients, nodes = ctx.parts
        given = final if final is not None else own
        if given is None:
            return (None,) * 6
        if final is None or len(coefficients) == 1:
            spread = given.new_zeros(shape)
        else:
            final, transposed = final.contiguous(), transposed.to(final.dtype)
            spread = hop_from(nodes, transposed, final * coefficients[-1], kernel)
            for coefficient in reversed(coefficients[1:-1]):
                spread = kernel(transposed, spread.index_add_(0, nodes, final * coefficient))
        if final is not None:
            spread.index_add_(0, nodes, final * coefficients[0])
        if own is not None:
            spread.index_add_(0, nodes, own)
        return spread, None, None, None, None, None


def hop_to(nodes: Tensor, matrix: Csr, states: Tensor, kernel: Kernel) -> Tensor:
    """``(A states)[nodes]``, by the edges that end there if they are few.  [N, d] -> [n, d]"""
    if kernel in BAGS and (rows := narrow(matrix, nodes)) is not None:
        return kernel(rows, states)
    return kernel(matrix, states).index_select(0, nodes)


def hop_from(nodes: Tensor, matrix: Csr, states: Tensor, kernel: Kernel) -> Tensor:
    """``A`` times the states [n, d] of ``nodes``, all others being 0.  [n, d] -> [N, d]

    On CPU the columns are renamed to places in a table of n + 1 rows, of which row 0 is 0: it stays in the cache.
    """
    size = len(matrix.offsets) - 1
    if kernel in BAGS:
        place = torch.zeros(size, dtype=matrix.columns.dtype)
        place[nodes] = torch.arange(1, len(nodes) + 1, dtype=place.dtype)
        renamed = Csr(matrix.offsets, place.index_select(0, matrix.columns), matrix.weights)
        return kernel(renamed, torch.cat([states.new_zeros(1, states.shape[1]), states]))
    return kernel(matrix, states.new_zeros(size, states.shape[1]).index_copy_(0, nodes, states))


def narrow(matrix: Csr, nodes: Tensor) -> Csr | None:
    """The rows ``nodes`` [n] of a matrix; None if they hold more than ``NARROW`` of its entries."""
    starts = matrix.offsets[nodes]
    lengths = matrix.offsets[nodes + 1] - starts
    ends = torch.cumsum(lengths, 0, dtype=matrix.offsets.dtype)
    total = int(ends[-1]) if len(ends) else 0
    if total > NARROW * len(matrix.columns):
        return None
    offsets = torch.cat([ends.new_zeros(1), ends])
    entries = torch.repeat_interleave(starts - offsets[:-1], lengths, output_size=total)
    entries += torch.arange(total, dtype=entries.dtype, device=entries.device)
    return Csr(offsets, matrix.columns.index_select(0, entries), matrix.weights.index_select(0, entries))

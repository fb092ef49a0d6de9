"""The layers of a linear model at some of the nodes: what a loss on a batch needs, and no more."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ltgnn.graph.halves import from_halves, raise_unit, rescale_to, to_halves, unit_of
from ltgnn.graph.kernels import BAGS, Csr, Kernel, embedding_bag, half_gather
from ltgnn.graph.locality import NodeOrder

NARROW = 0.5
"""Share of the edges up to which a hop to some of the nodes is cheaper than the hop to all of them."""


def layers_at(
    states: Tensor,
    matrix: Csr,
    transposed: Csr,
    kernel: Kernel,
    num_layers: int,
    nodes: Tensor,
    near: NodeOrder | None = None,
) -> tuple[Tensor, ...]:
    """``states, A states, .. A^L states`` in the rows ``nodes`` [n], distinct.  [N, d] -> (L + 1) x [n, d]

    No layer is kept for the backward pass, which is Horner's rule: ``g_0 + A' (g_1 + A' (g_2 + ..))``. The last hop
    goes only to ``nodes``, and its backward comes only from them. Differentiable once. ``near``: the same graph in an
    order in which the hops are faster; the first one takes the states as they are, the gradient is put back in order.
    With ``half_gather`` states and gradients are float16 from the first hop to the last.
    """
    result: tuple[Tensor, ...] = _LayersAt.apply(  # type: ignore[no-untyped-call]
        states, matrix, transposed, kernel, num_layers, nodes, near
    )
    return result


class _LayersAt(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        matrix: Csr,
        transposed: Csr,
        kernel: Kernel,
        num_layers: int,
        nodes: Tensor,
        near: NodeOrder | None,
    ) -> tuple[Tensor, ...]:
        first, rest, rows = (near.first, near.matrix, near.place[nodes]) if near else (matrix, matrix, nodes)
        back = near.transposed if near else transposed
        ctx.parts = (len(states), back, kernel, nodes, rows, near)  # not the states: their memory is free for others
        ctx.set_materialize_grads(False)
        state = states.detach().contiguous()
        layers, unit = [state.index_select(0, nodes)], None
        if kernel is half_gather:
            kernel, unit = embedding_bag, unit_of(state)
            state = to_halves(state, unit)
        first = first.to(state.dtype)
        rest = rest.to(state.dtype) if near else first
        for layer in range(1, num_layers + 1):
            hop = first if layer == 1 else rest
            if layer == num_layers:
                reached = hop_to(rows, hop, state, kernel)
            else:
                state = kernel(hop, state)
                reached = state.index_select(0, rows)
            layers.append(reached if unit is None else from_halves(reached, unit, states.dtype))
            if unit is not None and layer < num_layers:
                state, unit = rescale_to(state, unit, reached)
        return tuple(layers)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        size, transposed, kernel, nodes, rows, near = ctx.parts
        one = next((grad for grad in grads if grad is not None), None)
        if one is None:
            return (None,) * 7
        halved, unit = kernel is half_gather, None
        kernel, dtype = (embedding_bag, torch.float16) if halved else (kernel, one.dtype)
        transposed, spread = transposed.to(dtype), None  # spread [N, d]: from the layers behind the one at hand
        with torch.autocast(one.device.type, enabled=False):  # as the forward pass was
            for grad in reversed(grads[1:]):
                if halved and grad is not None:
                    spread, unit = raise_unit(spread, unit, unit_of(grad))
                    grad = to_halves(grad, unit)
                if spread is not None:
                    spread = kernel(transposed, spread if grad is None else add_at(spread, rows, grad))
                elif grad is not None:
                    spread = hop_from(rows, transposed, grad.contiguous(), kernel)
                if unit is not None and spread is not None:
                    spread, unit = rescale_to(spread, unit, spread.index_select(0, rows))
        if spread is None:
            spread = one.new_zeros(size, one.shape[1])
        elif near:
            spread = spread.index_select(0, near.place)
        if unit is not None:
            spread = from_halves(spread, unit, one.dtype)
        if grads[0] is not None:
            add_at(spread, nodes, grads[0])
        return spread, None, None, None, None, None, None


def add_at(states: Tensor, nodes: Tensor, values: Tensor) -> Tensor:
    """Adds ``values`` [n, d] in place to the rows ``nodes`` of ``states``, which are distinct: ``index_add_`` minds."""
    return states.index_copy_(0, nodes, states.index_select(0, nodes).add_(values))


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
    entries = int((matrix.offsets[nodes + 1] - matrix.offsets[nodes]).sum())
    return matrix.rows(nodes) if entries <= NARROW * len(matrix.columns) else None

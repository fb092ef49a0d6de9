"""The propagation kernel for CUDA, in Triton: a program a row, which gathers and adds up its edges' states."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

try:
    import triton
    from triton import language as tl
except ImportError:  # a CPU build of torch brings none
    triton = tl = None

TILE = 1024  # numbers gathered at once: 16 edges of 64 columns


def jit(kernel: Any) -> Any:
    """The kernel compiled at its first call, where there is Triton."""
    return kernel if triton is None else triton.jit(kernel)


@jit
def _rows(  # type: ignore[no-untyped-def]
    offsets, columns, weights, states, out, width, WIDTH: tl.constexpr, EDGES: tl.constexpr
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    first, last = tl.load(offsets + row), tl.load(offsets + row + 1)
    place = tl.arange(0, WIDTH)
    inside = place < width
    total = tl.zeros((WIDTH,), tl.float32)
    for start in range(first, last, EDGES):
        edges = start + tl.arange(0, EDGES)
        there = edges < last
        senders = tl.load(columns + edges, mask=there, other=0).to(tl.int64)
        weight = tl.load(weights + edges, mask=there, other=0.0).to(tl.float32)
        sent = tl.load(
            states + senders[:, None] * width + place[None, :], mask=there[:, None] & inside[None, :], other=0.0
        )
        total += tl.sum(sent.to(tl.float32) * weight[:, None], 0)
    tl.store(out + row * width + place, total, mask=inside)


def rows_product(
    offsets: Tensor, columns: Tensor, weights: Tensor, states: Tensor, tile: int = TILE, warps: int = 2
) -> Tensor:
    """``matrix [M, N] @ states [N, d]`` for a matrix by rows: reads ``states`` as they are, adds up in float32.

    The sum of a row is made by one program in the order of its edges: the same bits at each call. ``tile`` and
    ``warps`` affect the time, and the last bits. Raises ``NotImplementedError`` where there is no Triton.
    """
    if triton is None:
        raise NotImplementedError("Triton is not installed; it comes with torch's CUDA build")
    rows, width = len(offsets) - 1, states.shape[1]
    out = torch.empty(rows, width, device=states.device, dtype=torch.float32)
    padded = triton.next_power_of_2(width)
    edges = max(1, tile // padded)
    _rows[(rows,)](offsets, columns, weights, states, out, width, WIDTH=padded, EDGES=edges, num_warps=warps)
    return out

"""Tables whose columns are shared among processes (``training/distributed/column_parallel.py``): sums over columns.

Propagation acts on each column alone, so that a process needs no other for it. What needs all columns are inner
products and squared norms: a few numbers per row of a batch, added up over the processes by ``whole``. Outside of
``cutting`` nothing is cut and every function here leaves its argument alone.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

_cut = False


def cut(yes: bool | None = None) -> bool:
    """Whether this process has a share of the columns alone; an argument says so from now on."""
    global _cut
    _cut = _cut if yes is None else yes
    return _cut


def whole(part: Tensor) -> Tensor:
    """Sum over the processes of what each has of its own columns; the same everywhere afterwards.

    What follows has to be computed by all in the same way, as a loss is: then the gradient of the sum, which everyone
    has, is that of the part, and the backward pass needs no message.
    """
    if not _cut:
        return part
    total: Tensor = _Whole.apply(part)  # type: ignore[no-untyped-call]
    return total


class _Whole(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        total = part.detach().clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient


def joined(part: Tensor) -> Tensor:
    """All columns [n, d] of a table that is cut into [n, d / R], in process 0; the others keep their part."""
    if not _cut:
        return part
    first = dist.get_rank() == 0
    parts = [torch.empty_like(part) for _ in range(dist.get_world_size())] if first else None
    dist.gather(part.contiguous(), parts, dst=0)
    return part if parts is None else torch.cat(parts, 1)

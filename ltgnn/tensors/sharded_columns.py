"""Tables whose columns are shared among processes (``training/distributed/column_parallel.py``): sums over columns.

Propagation acts on each column separately, so that it needs no communication. What needs all columns are inner
products and squared norms: a few numbers per row of a batch, added up over the processes.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


class ShardedColumns:
    """The processes of ``torch.distributed``, each with some columns of every table (``types.Columns``)."""

    def sum(self, part: Tensor) -> Tensor:
        """Sum over the processes of what each has of its own columns; the same everywhere afterwards.

        What follows has to be computed by all in the same way, as a loss is: then the gradient of the sum, which
        everyone has, is that of the part, and the backward pass needs no message.
        """
        total: Tensor = _Sum.apply(part)  # type: ignore[no-untyped-call]
        return total

    def gather(self, part: Tensor) -> Tensor:
        """All columns [n, d] of a table that is cut into [n, d / R], in process 0; the others keep their part."""
        first = dist.get_rank() == 0
        parts = [torch.empty_like(part) for _ in range(dist.get_world_size())] if first else None
        dist.gather(part.contiguous(), parts, dst=0)
        return part if parts is None else torch.cat(parts, 1)


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        total = part.detach().clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient

"""Sparse propagation kernels, the choice among them, and one differentiable product over all of them.

Measured on 2 CPU cores, Gowalla, d = 64: ``embedding_bag`` 6 ms a layer, CSR product 12, COO product 70,
edge-wise message passing 378.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Csr:
    """A sparse [N, N] matrix by rows."""

    offsets: Tensor  # [N + 1]
    columns: Tensor  # [nnz]
    weights: Tensor  # [nnz]

    def to(self, dtype: torch.dtype) -> Csr:
        return self if self.weights.dtype == dtype else replace(self, weights=self.weights.to(dtype))


Kernel = Callable[[Csr, Tensor], Tensor]
"""``(matrix [N, N], states [N, d]) -> product [N, d]``, not differentiated through."""


def embedding_bag(matrix: Csr, states: Tensor) -> Tensor:
    """Each row is a weighted bag of embeddings: the fastest on CPU, and multi-threaded."""
    return F.embedding_bag(
        matrix.columns,
        states,
        matrix.offsets,
        mode="sum",
        per_sample_weights=matrix.weights,
        include_last_offset=True,
    )


def csr_product(matrix: Csr, states: Tensor) -> Tensor:
    """The vendor's CSR product: the fastest on CUDA, deterministic."""
    size = (states.shape[0], states.shape[0])
    sparse = torch.sparse_csr_tensor(matrix.offsets, matrix.columns, matrix.weights, size, check_invariants=False)
    product: Tensor = sparse @ states
    return product


def scatter(matrix: Csr, states: Tensor) -> Tensor:
    """``index_add`` over the edges: slow, but there where no sparse product is (Apple MPS)."""
    lengths = (matrix.offsets[1:] - matrix.offsets[:-1]).long()
    rows = torch.repeat_interleave(torch.arange(states.shape[0], device=states.device), lengths)
    messages = states[matrix.columns.long()] * matrix.weights[:, None]
    return torch.zeros_like(states).index_add_(0, rows, messages)


BY_DEVICE: dict[str, Kernel] = {"cpu": embedding_bag, "cuda": csr_product}


class _Product(torch.autograd.Function):
    """``matrix @ states`` whose gradient is ``transposed @ gradient`` by the same kernel.

    torch's own sparse backward transposes the matrix at each call; a graph keeps its transpose (for a symmetric
    normalisation the very same tensors), so nothing is rebuilt.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, matrix: Csr, transposed: Csr, kernel: Kernel) -> Tensor:
        ctx.parts = (matrix, transposed, kernel)
        # detached, or embedding_bag would also prepare what only its own backward needs
        return kernel(matrix.to(states.dtype), states.detach().contiguous())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        matrix, transposed, kernel = ctx.parts
        return product(gradients[0], transposed, matrix, kernel), None, None, None


def product(states: Tensor, matrix: Csr, transposed: Csr, kernel: Kernel | None = None) -> Tensor:
    """``matrix [N, N] @ states [N, d]``, differentiable in ``states``; the kernel is chosen by device unless given."""
    result: Tensor = _Product.apply(states, matrix, transposed, chosen(kernel, states.device))  # type: ignore[no-untyped-call]
    return result


def chosen(kernel: Kernel | None, device: torch.device) -> Kernel:
    """The kernel that was asked for, or the one of the device."""
    return kernel or BY_DEVICE.get(device.type, scatter)

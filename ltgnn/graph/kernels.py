"""Sparse propagation kernels, the choice among them, and one differentiable product over all of them.

Measured on 2 CPU cores, Gowalla, d = 64: ``embedding_bag`` 6 ms a layer, CSR product 12, COO product 70,
edge-wise message passing 378. A weight for each edge costs nothing there (3.2 ms by cluster, 3.1 without weights); to
scale the rows by degrees instead, between two layers, does (3.5). Half precision moves half the memory: 2.9 ms by
cluster instead of 3.5 where the states are float16 already, 12.8 with the change of width before and after. Several
hops therefore stay in it (``halves.py``): a step on 20 million edges takes 2.3 s instead of 2.7 (experiments/bench).
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Annotated, Any

import torch
from annotated_types import Ge, Gt
from torch import Tensor
from torch.nn import functional as F

from ltgnn.graph.halves import from_halves, to_halves, unit_of
from ltgnn.graph.tables import empty
from ltgnn.graph.triton_rows import rows_product
from ltgnn.tensors.csr import entries_of
from ltgnn.types import UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Csr:
    """A sparse [N, N] matrix by rows."""

    offsets: Tensor  # [N + 1]
    columns: Tensor  # [nnz]
    weights: Tensor  # [nnz]

    def to(self, dtype: torch.dtype) -> Csr:
        return self if self.weights.dtype == dtype else replace(self, weights=self.weights.to(dtype))

    def rows(self, nodes: Tensor) -> Csr:
        """Only the rows ``nodes`` [n], in that order."""
        offsets, entries = entries_of(self.offsets, nodes)
        return Csr(offsets, self.columns.index_select(0, entries), self.weights.index_select(0, entries))


Kernel = Callable[[Csr, Tensor], Tensor]
"""``(matrix [N, N], states [N, d]) -> product [N, d]``, not differentiated through."""


BLOCK = 2**20
"""Entries of a block of rows in a large product."""


def embedding_bag(matrix: Csr, states: Tensor, block: int = BLOCK) -> Tensor:
    """Each row is a weighted bag of embeddings: the fastest on CPU, and multi-threaded.

    torch gives each thread as many rows as the next, and where popular nodes have the low numbers that is not the same
    work. A large product is therefore made in blocks of rows of about ``block`` entries, within which neighbours are
    alike; the sums are the same.
    """
    if len(matrix.columns) <= 4 * block or states.device.type != "cpu":
        return bags(matrix, states)
    result = empty(len(matrix.offsets) - 1, states.shape[1], states.dtype, states.device)
    for rows, part in blocks(matrix, block):
        result[rows] = bags(part, states)
    return result


def blocks(matrix: Csr, size: int) -> Iterator[tuple[slice, Csr]]:
    """All rows in order, in blocks of about ``size`` entries, or of one row that has more."""
    offsets = matrix.offsets
    marks = torch.arange(0, len(matrix.columns), size, dtype=offsets.dtype)
    cuts = torch.cat([torch.searchsorted(offsets, marks), torch.tensor([len(offsets) - 1])]).unique_consecutive()
    starts, ends = pairwise(cuts.tolist()), pairwise(offsets[cuts].tolist())
    for (first, last), (begin, end) in zip(starts, ends, strict=True):
        local = offsets[first : last + 1] - begin
        yield slice(first, last), Csr(local, matrix.columns[begin:end], matrix.weights[begin:end])


def bags(matrix: Csr, states: Tensor) -> Tensor:
    """The product in one call of torch's."""
    return F.embedding_bag(
        matrix.columns,
        states,
        matrix.offsets,
        mode="sum",
        per_sample_weights=matrix.weights,
        include_last_offset=True,
    )


def half_gather(matrix: Csr, states: Tensor) -> Tensor:
    """``embedding_bag`` that reads states and weights as float16 and adds up in float32: half the memory to move.

    The sums are rounded to float16 too, a relative error of about 5e-4 a layer. Several layers at once stay float16
    from hop to hop (``at_nodes.py``).
    """
    unit = unit_of(states)
    return from_halves(embedding_bag(matrix.to(torch.float16), to_halves(states, unit)), unit, states.dtype)


def csr_product(matrix: Csr, states: Tensor) -> Tensor:
    """The vendor's CSR product: the fastest on CUDA, deterministic."""
    size = (states.shape[0], states.shape[0])
    sparse = torch.sparse_csr_tensor(matrix.offsets, matrix.columns, matrix.weights, size, check_invariants=False)
    product: Tensor = sparse @ states
    return product


def triton_rows(matrix: Csr, states: Tensor) -> Tensor:
    """A program a row on CUDA (``triton_rows.py``), deterministic; states wider than float32 go to ``csr_product``."""
    if states.device.type != "cuda":
        raise UserError(f"graph/kernel=triton_rows runs on CUDA, the states are on {states.device.type}: omit it.")
    if states.dtype == torch.float64:
        return csr_product(matrix, states)
    return rows_product(matrix.offsets, matrix.columns, matrix.weights, states).to(states.dtype)


def scatter(matrix: Csr, states: Tensor) -> Tensor:
    """``index_add`` over the edges: slow, but there where no sparse product is (Apple MPS)."""
    lengths = (matrix.offsets[1:] - matrix.offsets[:-1]).long()
    rows = torch.repeat_interleave(torch.arange(states.shape[0], device=states.device), lengths)
    messages = states[matrix.columns.long()] * matrix.weights[:, None]
    return torch.zeros_like(states).index_add_(0, rows, messages)


BAGS = (embedding_bag, half_gather)
"""Kernels whose cost depends only on the edges, so that products with few rows or few columns are cheap."""

BY_DEVICE: dict[str, Kernel] = {"cpu": embedding_bag, "cuda": csr_product}


def seconds(kernel: Kernel, matrix: Csr, states: Tensor, rounds: int) -> float:
    """The least of some timings after one to warm up; infinite where the device has no such operation."""
    best = float("inf")
    for number in range(rounds + 1):
        start = time.perf_counter()
        try:
            kernel(matrix, states)
        except (RuntimeError, NotImplementedError, UserError):
            return float("inf")
        if states.device.type == "cuda":
            torch.cuda.synchronize(states.device)
        if number:
            best = min(best, time.perf_counter() - start)
    return best


class Fastest:
    """The fastest kernel on this machine: ``candidates`` are timed with the first product, and the winner is logged.

    Once for each device, width and order of magnitude of the edges. The device's own kernel stays unless another takes
    less than ``margin`` of its time, and nothing is timed where edges x width are fewer than ``least``: the numbers of
    two kernels differ in the last bits, and a near tie must not change a run. For the same digits on every machine name
    a kernel in ``graph/kernel``.
    """

    def __init__(
        self,
        candidates: Mapping[str, Kernel],
        rounds: Annotated[int, Ge(1)],
        margin: Annotated[float, Gt(0)] = 1.0,
        least: Annotated[float, Ge(0)] = 0,
        timer: Callable[[Kernel, Csr, Tensor, int], float] = seconds,
    ) -> None:
        self.candidates, self.rounds, self.margin, self.least = dict(candidates), rounds, margin, least
        self.timer = timer
        self.won: dict[tuple[str, int, int], Kernel] = {}

    def __call__(self, matrix: Csr, states: Tensor) -> Tensor:
        return self.winner(matrix, states)(matrix, states)

    def winner(self, matrix: Csr, states: Tensor) -> Kernel:
        """The fastest for products of this size."""
        edges, width = len(matrix.columns), states.shape[1]
        case = str(states.device), edges.bit_length(), width
        if case not in self.won:
            worth = edges * width >= self.least
            self.won[case] = self.choose_fastest(matrix, states) if worth else of_device(states)
        return self.won[case]

    def choose_fastest(self, matrix: Csr, states: Tensor) -> Kernel:
        """Of all that run on this device; ``scatter`` if none does."""
        with warnings.catch_warnings():  # torch calls its CSR tensors a beta
            warnings.simplefilter("ignore", UserWarning)
            found = {name: self.timer(kernel, matrix, states, self.rounds) for name, kernel in self.candidates.items()}
        found = {name: value for name, value in found.items() if value < float("inf")}
        best = min(found, key=lambda name: found[name], default="scatter")
        default = next((name for name in found if underlying_kernel(self.candidates[name]) is of_device(states)), best)
        if found and found[best] >= self.margin * found[default]:
            best = default
        times = ", ".join(f"{name} {1000 * value:.2f} ms" for name, value in found.items()) or "no other runs here"
        size = len(matrix.columns), states.shape[1]
        log.info("graph.kernel on %s, %d edges, width %d: %s (%s)", states.device, *size, best, times)
        return self.candidates.get(best, scatter)


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
    result: Tensor = _Product.apply(states, matrix, transposed, choose_kernel(kernel, matrix, states))  # type: ignore[no-untyped-call]
    return result


def choose_kernel(kernel: Kernel | None, matrix: Csr, states: Tensor) -> Kernel:
    """The kernel that was asked for, the winner of those that were, or the one of the device."""
    if isinstance(kernel, Fastest):
        kernel = kernel.winner(matrix, states.detach())
    return underlying_kernel(kernel) if kernel else of_device(states)


def of_device(states: Tensor) -> Kernel:
    """The kernel that is mostly the fastest where the states are."""
    return BY_DEVICE.get(states.device.type, scatter)


def underlying_kernel(kernel: Kernel) -> Kernel:
    """The function behind a kernel as a yaml names it."""
    return kernel.func if isinstance(kernel, partial) else kernel

"""An order of the nodes in which those with common neighbours are close, and a graph renumbered by it.

A product reads a row of states for each edge. Where the table of states is larger than the processor's own cache, most
of these rows come from further away, unless receivers that follow one another receive from the same senders: then a row
that was read is there still. On Gowalla a layer of 64 columns takes 4.1 ms so and 8.9 ms in the order of the data.

The order is that of clusters in the leading eigenvectors of the graph, which is what spectral clustering does (Ng,
Jordan, Weiss, NIPS 2001), by a few rounds of subspace iteration: the eigenvectors themselves are not needed. Neighbours
keep their order within a row, so that all sums are the same to the last bit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.graph.kernels import Csr, Kernel, embedding_bag, seconds

log = logging.getLogger(__name__)

CACHE = 2**21
"""Bytes of states that the cache of a core is taken to hold: less needs no order."""

CLUSTER = 2**17
"""Bytes of states of a cluster."""

MOST_CLUSTERS = 512
VECTORS, POWERS, ROUNDS = 32, 4, 5
"""Width of the subspace, its rounds of iteration, and those of the clustering."""

GAIN = 0.9
"""Share of the time that a product may take at most: the order costs a gather of all states in each step."""


@dataclass(frozen=True)
class NodeOrder:
    """A graph whose node ``k`` is node ``order[k]`` of another one."""

    place: Tensor  # [N] int64: what the nodes of the other graph are called here
    matrix: Csr
    transposed: Csr
    first: Csr  # ``matrix`` with its columns as in the other graph: takes the states in that order


def renumber(matrix: Csr, transposed: Csr, order: Tensor) -> NodeOrder:
    """Both directions of a graph by an order of its nodes [N]."""
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    first = matrix.rows(order)
    columns = place.to(first.columns.dtype).index_select(0, first.columns)
    forth = Csr(first.offsets, columns, first.weights)
    symmetric = matrix.weights is transposed.weights
    back = forth if symmetric else Csr(first.offsets, columns, transposed.rows(order).weights)
    return NodeOrder(place, forth, back, first)


def faster(
    matrix: Csr,
    transposed: Csr,
    kernel: Kernel,
    width: int,
    cache: int = CACHE,
    timer: Callable[[Kernel, Csr, Tensor, int], float] = seconds,
) -> NodeOrder | None:
    """The graph in the order of its clusters, where that order is faster for states of ``width`` columns, as measured.

    The results are the same either way. ``cache``: bytes of states up to which no order is looked for.
    """
    nodes = len(matrix.offsets) - 1
    if nodes * width * 4 <= cache:
        return None
    found = renumber(matrix, transposed, cluster_order(matrix, nodes * width * 4 // CLUSTER))
    states = torch.ones(nodes, width)
    before, after = (min(timer(kernel, m, states, 2) for _ in range(2)) for m in (matrix, found.matrix))
    worth = after < GAIN * before
    log.info(
        "graph order, width %d: %s (%.1f ms a layer by cluster, %.1f as in the data)",
        *(width, "by cluster" if worth else "as in the data", 1000 * after, 1000 * before),
    )
    return found if worth else None


def cluster_order(matrix: Csr, clusters: int) -> Tensor:
    """Nodes by spectral cluster, similar clusters next to each other.  [N] int64, the same on each call."""
    generator = torch.Generator().manual_seed(0)
    rows = F.normalize(leading_vectors(matrix, generator))
    clusters = max(2, min(clusters, MOST_CLUSTERS, len(rows)))
    centres = rows[torch.randperm(len(rows), generator=generator)[:clusters]]
    for _ in range(ROUNDS):
        centres = F.normalize(torch.zeros_like(centres).index_add_(0, closest(rows, centres), rows))
    return torch.argsort(chain(centres)[closest(rows, centres)], stable=True)


def leading_vectors(matrix: Csr, generator: torch.Generator) -> Tensor:
    """About the span of the leading eigenvectors of the symmetrically normalised pattern of a matrix.  [N, VECTORS]"""
    degrees = matrix.offsets.diff()
    scale = degrees.clamp(min=1).float().rsqrt()
    weights = torch.repeat_interleave(scale, degrees) * scale[matrix.columns]
    pattern = Csr(matrix.offsets, matrix.columns, weights)
    vectors = torch.randn(len(degrees), VECTORS, generator=generator)
    for _ in range(POWERS):
        vectors = orthonormal(embedding_bag(pattern, embedding_bag(pattern, vectors)))
    return vectors


def orthonormal(vectors: Tensor) -> Tensor:
    """An orthonormal basis of the span of a few long columns.  [N, k] -> [N, k]

    By the Cholesky factor of their products, which reads a tall table once where Householder's steps read it k times.
    Columns that others span already become small, not unit: there is no more than the span.
    """
    blocks = vectors.split(2**16)
    products = sum((block.double().T @ block.double() for block in blocks), torch.zeros((), dtype=torch.float64))
    slack = (1e-12 * products.diagonal().mean() + 1e-100) * torch.eye(len(products), dtype=products.dtype)
    back = torch.linalg.inv(torch.linalg.cholesky(products + slack)).T
    return torch.cat([(block.double() @ back).float() for block in blocks])


def closest(rows: Tensor, centres: Tensor) -> Tensor:
    """The centre with the largest cosine to each of some unit rows.  [N, k], [C, k] -> [N]"""
    return torch.cat([(block @ centres.T).argmax(1) for block in rows.split(2**16)])


def chain(centres: Tensor) -> Tensor:
    """The rank of each centre in a walk from one to the most similar remaining one.  [C, k] -> [C]"""
    similarity, ranks, at = centres @ centres.T, torch.empty(len(centres), dtype=torch.int64), 0
    for rank in range(len(centres)):
        ranks[at] = rank
        similarity[:, at] = -torch.inf
        at = int(similarity[at].argmax())
    return ranks

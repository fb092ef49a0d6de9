"""Approximate nearest neighbours among many vectors: an inverted file of cells."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.tensors.threads import in_threads

SAMPLE, ROUNDS = 64, 8
"""Vectors for each centroid that k-means sees, and its rounds."""

SIMILARITIES = 8_000_000
"""Cosines of a block, at most: 32 MB."""


def nearest_in_cells(unit: Tensor, k: int, cells: int, probes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Cosine and number of ``k`` near other rows of each row, of the ``probes`` cells around its own.

    ``unit`` [I, D] of unit length, on the CPU -> [I, k], [I, k]. The rows are put into ``cells`` by spherical k-means
    on a sample, and a row is compared with the rows of the cells whose centroids are nearest to that of its cell: an
    inverted file (Jegou et al., "Product quantization for nearest neighbor search", TPAMI 2011, without quantisation).
    With all cells as probes it is exact. Where the cells hold fewer than ``k`` others, more cells are probed.
    """
    centroids = spherical_means(unit, cells, seed)
    nearest = nearest_centroids(unit, centroids)
    members = nearest.argsort(stable=True)
    sizes = nearest.bincount(minlength=cells)
    ends = sizes.cumsum(0)
    around = (centroids @ centroids.T).fill_diagonal_(2.0).argsort(dim=1, descending=True, stable=True)
    values, columns = torch.empty(len(unit), k), torch.empty(len(unit), k, dtype=torch.int64)

    def work(cell: int) -> None:
        if not int(sizes[cell]):
            return
        enough = int((sizes[around[cell]].cumsum(0) <= k).sum()) + 1  # the row itself does not count
        chosen = around[cell, : max(probes, enough)].tolist()
        others = torch.cat([members[ends[c] - sizes[c] : ends[c]] for c in chosen])
        table = unit[others].T
        rows = members[ends[cell] - sizes[cell] : ends[cell]]
        for block in rows.split(max(1, SIMILARITIES // len(others))):
            similarity = unit[block] @ table
            similarity.masked_fill_(block[:, None] == others, -torch.inf)
            best = similarity.topk(k, dim=1)
            values[block], columns[block] = best.values, others[best.indices]

    in_threads(work, range(cells))
    return values, columns


def spherical_means(unit: Tensor, number: int, seed: int) -> Tensor:
    """Centroids of unit length of a sample of the rows, by k-means with cosines.  [I, D] -> [number, D]"""
    generator = torch.Generator().manual_seed(seed)
    sample = unit[torch.randperm(len(unit), generator=generator)[: number * SAMPLE]]
    centroids = sample[:number].clone()
    for _ in range(ROUNDS):
        nearest = nearest_centroids(sample, centroids)
        sums = torch.zeros_like(centroids).index_add_(0, nearest, sample)
        filled = nearest.bincount(minlength=number) > 0  # an empty cell keeps its centroid
        centroids[filled] = torch.nn.functional.normalize(sums[filled], dim=1)
    return centroids


def nearest_centroids(unit: Tensor, centroids: Tensor) -> Tensor:
    """Number of the centroid with the largest inner product, of each row.  [n, D], [c, D] -> [n] int64"""
    found = torch.empty(len(unit), dtype=torch.int64)
    size = max(1, SIMILARITIES // len(centroids))

    def work(start: int) -> None:
        found[start : start + size] = (unit[start : start + size] @ centroids.T).argmax(1)

    in_threads(work, range(0, len(unit), size))
    return found

"""Approximate nearest texts for catalogues where exact search is too slow; what is lost is measured."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ltgnn.inference.search.rank_fusion import leading
from ltgnn.inference.search.retrieval import Dense, Retriever
from ltgnn.types import UserError

log = logging.getLogger(__name__)

Nearest = Callable[[Tensor, int], tuple[Tensor, Tensor]]
"""``(unit vectors [n, D], k) -> (rows [n, k], cosines [n, k])``"""


class IndexedRetriever:
    """A dense retriever that returns the ``depth`` nearest items of an index."""

    def __init__(self, exact: Dense, nearest: Nearest, depth: int = 200) -> None:
        self.exact, self.nearest, self.depth = exact, nearest, min(depth, len(exact.unit))
        self.empty = torch.full((len(exact.unit),), -torch.inf)

    def __call__(self, query: str) -> Tensor:
        vector = self.exact.vector(query)
        scores = self.empty.clone()
        if vector.any():
            rows, cosines = self.nearest(vector[None], self.depth)
            scores[rows[0]] = cosines[0]
        return scores.masked_fill(self.exact.missing, -torch.inf)

    def recall(self, queries: int = 200, k: int = 10, seed: int = 0) -> float:
        """Share of the ``k`` exact nearest that the index finds, over ``queries`` items as queries."""
        draw = torch.Generator().manual_seed(seed)
        some = self.exact.unit[torch.randperm(len(self.exact.unit), generator=draw)[:queries]]
        rows, _ = self.nearest(some, min(k, self.depth))
        wanted = [set(leading(self.exact.scores(vector), k).tolist()) for vector in some]
        hits = [len(set(row.tolist()) & best) / max(len(best), 1) for row, best in zip(rows, wanted, strict=True)]
        return sum(hits) / len(hits)


def usearch(unit: Tensor) -> Nearest:
    """Hierarchical navigable small worlds by usearch; inner product of unit vectors."""
    try:
        from usearch.index import Index
    except ImportError:
        raise UserError("index=usearch needs the package usearch: pip install 'ltgnn[index]', or index=exact") from None
    index = Index(
        ndim=unit.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=128, expansion_search=128
    )
    index.add(np.arange(len(unit)), unit.numpy())

    def nearest(vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
        found: Any = index.search(vectors.numpy(), k)
        keys = np.atleast_2d(np.asarray(found.keys, dtype=np.int64))
        return torch.from_numpy(keys), 1 - torch.from_numpy(np.atleast_2d(np.asarray(found.distances)))

    return nearest


def faiss(unit: Tensor) -> Nearest:
    """The same graph by faiss."""
    try:
        import faiss as library
    except ImportError:
        raise UserError("index=faiss needs the package faiss-cpu (pip install faiss-cpu), or index=usearch") from None
    index = library.IndexHNSWFlat(unit.shape[1], 16, library.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = 128, 256
    index.add(unit.numpy())

    def nearest(vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
        cosines, rows = index.search(vectors.numpy(), k)
        return torch.from_numpy(rows), torch.from_numpy(cosines)

    return nearest


KINDS: dict[str, Callable[[Tensor], Nearest]] = {"usearch": usearch, "faiss": faiss}


def build_index(kind: str, exact: Dense) -> Retriever:
    """``exact`` itself, or an index over its vectors, whose recall is logged and printed."""
    if kind == "exact":
        return exact
    if kind not in KINDS:
        raise UserError(f"index={kind} given, one of exact, {', '.join(KINDS)} wanted")
    made = IndexedRetriever(exact, KINDS[kind](exact.unit))
    print(f"index={kind}: recall@10 {made.recall():.4f} against exact search, over up to 200 items as queries")
    return made

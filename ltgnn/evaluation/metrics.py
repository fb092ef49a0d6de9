"""Accuracy of recommendation lists, per user: one function a metric, over hits that are found once.

Every function maps ``(hits, k)`` to one float64 per user [n].

For an item group, the same functions meet only the hits and the held-out items of that group,
while positions are those of the full list: recall becomes |L ∩ gt ∩ g| / |gt ∩ g|, and the ideal list of NDCG holds
min(|gt ∩ g|, K) items.

``L`` is the list of a user cut after K, ``gt`` the held-out items, ``h`` the number of hits |L ∩ gt|. A list that
has fewer than K candidates still counts as one of length K. trec_eval and ir_measures use the same formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ltgnn.evaluation.metric import metric
from ltgnn.types import Interactions, TopK


@dataclass(frozen=True)
class Hits:
    """Which places of the lists hold a held-out item, and how many such items each user has."""

    found: Tensor  # [n, K] bool
    relevant: Tensor  # [n] int64, at least 1

    @cached_property
    def count(self) -> Tensor:
        """Hits up to and with each place.  [n, K] float64"""
        return self.found.double().cumsum(1)

    @cached_property
    def discounts(self) -> Tensor:
        """1 / log2(place + 1), place from 1.  [K] float64"""
        return 1 / torch.arange(2, self.found.shape[1] + 2, dtype=torch.float64).log2()

    @cached_property
    def dcg(self) -> Tensor:
        """Discounted hits up to and with each place.  [n, K] float64"""
        return (self.found * self.discounts).cumsum(1)

    def ideal(self, k: int) -> Tensor:
        """The places that a perfect list of length ``k`` could fill: min(|gt|, k).  [n] int64"""
        return self.relevant.clamp(max=k)


def find(lists: TopK, held_out: Interactions) -> Tensor:
    """True where a listed item is among the user's held-out ones.  [n, K] bool"""
    keys = lists.users[:, None] * held_out.num_items + lists.items
    known = held_out.keys.sort().values
    places = torch.searchsorted(known, keys).clamp(max=known.numel() - 1)
    return (known[places] == keys) & (lists.items >= 0)


@metric("hits")
def recall(hits: Hits, k: int, capped: bool) -> Tensor:
    """Recall@K = h / |gt|; ``capped`` divides by min(|gt|, K) instead, so that a perfect list has 1 (as DAN does)."""
    return hits.count[:, k - 1] / (hits.ideal(k) if capped else hits.relevant)


@metric("hits")
def precision(hits: Hits, k: int) -> Tensor:
    """Precision@K = h / K."""
    return hits.count[:, k - 1] / k


@metric("hits")
def f1(hits: Hits, k: int) -> Tensor:
    """F1@K = 2 h / (K + |gt|), the harmonic mean of precision and recall of the user (van Rijsbergen 1979)."""
    return 2 * hits.count[:, k - 1] / (k + hits.relevant)


@metric("hits")
def hr(hits: Hits, k: int) -> Tensor:
    """Hit rate@K = 1 if h > 0 else 0."""
    return (hits.count[:, k - 1] > 0).double()


@metric("hits")
def mrr(hits: Hits, k: int) -> Tensor:
    """Reciprocal rank@K = 1 / place of the first hit, 0 without one; its mean is MRR (Voorhees, TREC-8 1999)."""
    place = hits.found[:, :k].int().argmax(1) + 1
    return hr(hits, k) / place


@metric("hits")
def ndcg(hits: Hits, k: int) -> Tensor:
    """NDCG@K with binary gains (Järvelin and Kekäläinen 2002).

    Sum of 1 / log2(place + 1) over the hits, divided by the same sum over the places 1 .. min(|gt|, K).
    """
    return hits.dcg[:, k - 1] / hits.discounts.cumsum(0)[hits.ideal(k) - 1]


@metric("hits")
def average_precision(hits: Hits, k: int, capped: bool) -> Tensor:
    """AP@K = sum over the hits of (hits up to that place / place), / |gt|; its mean over users is MAP@K.

    |gt| as in trec_eval; ``capped`` divides by min(|gt|, K) instead (as RecBole and torch-geometric do).
    """
    precisions = hits.count[:, :k] / torch.arange(1, k + 1)
    return (precisions * hits.found[:, :k]).sum(1) / (hits.ideal(k) if capped else hits.relevant)

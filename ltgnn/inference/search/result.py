"""What a search answers: its hits with what a reader wants to know of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ltgnn.inference.search.retrieval import Hit, Search
from ltgnn.inference.served_model import ServedModel

TASTE = 0.5
"""Weight of the user's taste where a user is given; chosen on validation pairs, see experiments/search."""


@dataclass(frozen=True)
class SearchResult:
    """One hit with its details; plain values."""

    rank: int
    item: str
    score: float
    title: str
    group: str
    by: dict[str, float]


def find(
    served: ServedModel, search: Callable[[], Search], query: str, k: int, user: str | None, taste: float
) -> list[SearchResult]:
    """The ``k`` items that fit best; with a known user reordered by the user's taste, the model's scores."""
    liked = None if user is None else taste_of(served, served.catalogue.user(user))
    return [detail(served, rank, hit) for rank, hit in enumerate(search()(query, k, liked, taste), start=1)]


def taste_of(served: ServedModel, user: int) -> Tensor:
    """The model's scores of all items for one user.  [I]"""
    with torch.no_grad():
        return served.scorer(torch.tensor([user]))[0].float().clone()


def detail(served: ServedModel, rank: int, hit: Hit) -> SearchResult:
    catalogue = served.catalogue
    title, group = catalogue.titles[hit.item], served.group(hit.item)
    return SearchResult(rank, catalogue.item_ids[hit.item], hit.score, title, group, dict(hit.by))

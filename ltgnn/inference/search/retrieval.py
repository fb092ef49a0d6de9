"""Search over texts: several retrievers, fused, and with a user's taste if there is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.inference.search.rank_fusion import Fusing, leading
from ltgnn.types import UserError

LONGEST = 10_000  # signs of a query; a language model reads its first 128 tokens or so anyway
BLANKS = r" \t\n\r\f\v"
MOST = 1000  # hits of one search

Retriever = Callable[[str], Tensor]
"""query -> scores [I], -inf where nothing is found"""


@dataclass(frozen=True)
class Hit:
    """One place of a result."""

    item: int
    score: float  # fused
    by: Mapping[str, float]  # score of each retriever that found it; ``taste``: what the user's taste adds


def check_query(query: str) -> str:
    """The query with single blanks between words and stripped; ``UserError`` if it is empty or too long."""
    if not isinstance(query, str):
        raise UserError(f"query={query!r:.100} given, a text wanted")
    asked = " ".join(part for part in re.split(f"[{BLANKS}]+", query.encode(errors="replace").decode()) if part)
    if not asked:
        raise UserError("the query is empty: give some words to search for")
    if len(query) > LONGEST:
        raise UserError(f"the query has {len(query)} signs, at most {LONGEST} wanted")
    return asked


class Dense:
    """Cosine of the query to each text, both as ``encode`` and ``vectors`` have them; exact.

    ``encode``: strings -> [n, D]; ``vectors`` [I, D]. A text without a vector (all 0) is never found, and a query
    without one finds nothing.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Tensor], vectors: Tensor) -> None:
        self.encode, self.unit = encode, F.normalize(vectors.detach().float().cpu(), dim=1)
        self.missing = ~self.unit.any(1)

    def __call__(self, query: str) -> Tensor:
        return self.scores(self.vector(query))

    def vector(self, query: str) -> Tensor:
        """The query at length 1.  [D]"""
        return F.normalize(self.encode([query]).float(), dim=1)[0]

    def scores(self, vector: Tensor) -> Tensor:
        """Cosines [I] of a vector of length 1."""
        if not vector.any():
            return torch.full((len(self.unit),), -torch.inf)
        return (self.unit @ vector).masked_fill(self.missing, -torch.inf)


class Search:
    """``retrievers`` by name, fused; ``weights`` of each, 1 where none is given."""

    def __init__(
        self, retrievers: Mapping[str, Retriever], fusing: Fusing, weights: Mapping[str, float] | None = None
    ) -> None:
        if not retrievers:
            raise UserError("a search needs at least one retriever: by=words, by=text")
        self.retrievers, self.fusing, self.weights = dict(retrievers), fusing, dict(weights or {})

    def __call__(self, query: str, k: int, taste: Tensor | None = None, taste_weight: float = 0.0) -> list[Hit]:
        """The ``k`` best, ties by smaller item number.

        ``taste`` [I]: the user's scores of all items, -inf where there is none; ``taste_weight`` times its z-score
        among the items found is added to the z-score of the fused relevance: irrelevant items never enter.
        """
        if not 1 <= k <= MOST:
            raise UserError(f"k={k} given, 1 to {MOST} wanted")
        asked = check_query(query)
        by = {name: retriever(asked) for name, retriever in self.retrievers.items()}
        total = self.fusing(by, self.weights)
        liked = None
        if taste is not None and taste_weight:
            liked = taste_weight * standard_taste(total, taste)
            total = with_taste(total, taste, taste_weight)
        return [
            Hit(
                int(item),
                float(total[item]),
                {name: float(scores[item]) for name, scores in by.items() if scores[item] > -torch.inf}
                | ({} if liked is None else {"taste": float(liked[item])}),
            )
            for item in leading(total, k)
        ]


def with_taste(relevance: Tensor, taste: Tensor, weight: float, depth: int = 100) -> Tensor:
    """``z(relevance) + weight z(taste)`` of the ``depth`` most relevant items, the others -inf.  [I]

    An item that the user's model cannot score has the mean taste, 0.
    """
    best = leading(relevance, depth)
    total = torch.full_like(relevance, -torch.inf)
    total[best] = standardise(relevance[best]) + weight * standard_taste(relevance, taste, depth)[best]
    return total


def standard_taste(relevance: Tensor, taste: Tensor, depth: int = 100) -> Tensor:
    """z-scores of the taste among the ``depth`` most relevant items, 0 for all others and what has no taste.  [I]"""
    best = leading(relevance, depth)
    liked = taste.to(relevance.dtype)[best]
    known = liked > -torch.inf
    z = torch.zeros_like(relevance)
    z[best[known]] = standardise(liked[known])
    return z


def standardise(values: Tensor) -> Tensor:
    if not len(values):
        return values
    spread = values.double().std(correction=0)
    centred = values.double() - values.double().mean()
    return (centred / spread if spread > 1e-12 else torch.zeros_like(centred)).to(values.dtype)

"""What each kind of an item's features (text, images, numbers ...) adds to its score for a user."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ltgnn.inference.explanation.terms import terms
from ltgnn.types import DIRECT, NEIGHBOURS, Block, Features, KindTerms, Scorer, Term

SUMMANDS = (
    "The rows add up to the score. direct: by the item's first state; neighbours: by what it receives from the users "
    "who have it, and theirs."
)
DIFFERENCES = (
    "This score is no sum over the kinds: a row is the score less that of the same model if the item lacked the kind. "
    "The rows need not add up to the score."
)


@dataclass(frozen=True)
class KindShare:
    """What a kind of features, the id or a score adjustment adds to a score."""

    name: str
    value: float
    direct: float | None = None  # by the item's first state; None: not split, like the next
    neighbours: float | None = None  # by what it receives over the graph


@dataclass(frozen=True)
class KindShares:
    """The share of each kind, and how they were measured."""

    shares: list[KindShare]
    sums: bool  # whether they add up to the score
    rule: str  # the same in words


Measure = Callable[[Scorer, int, int], KindShares | None]
"""``(scorer, user, item)``: the shares of the kinds; None: the score has no such shares."""


@dataclass(frozen=True)
class Summands:
    """The shares of a model that is linear in the kinds of its features: exact."""

    model: KindTerms
    columns: Mapping[str, slice]

    def __call__(self, scorer: Scorer, user: int, item: int) -> KindShares | None:
        found = terms(scorer, user, item, _AsTerms(self.model, self.columns))
        return KindShares(sum_by_name(found), True, SUMMANDS)


@dataclass(frozen=True)
class LeaveOneOut:
    """The shares of any model: its score less the one that it gives when the item lacks a kind.

    ``score_with``: the scores of all items [I] of a user by the same weights with other features. Those of the item are
    replaced by what an item without the kind has.
    """

    features: Features
    score_with: Callable[[Features, int], Tensor]

    def __call__(self, scorer: Scorer, user: int, item: int) -> KindShares | None:
        score = float(self.score_with(self.features, user)[item])
        found = [
            KindShare(name, score - float(self.score_with(without_kind(self.features, item, name), user)[item]))
            for name in self.features.blocks
        ]
        return KindShares(sorted(found, key=lambda share: -abs(share.value)), False, DIFFERENCES)


@dataclass(frozen=True)
class _AsTerms:
    """Terms by kind in the place of those by history, so that factors and other parts of a score are the same."""

    model: KindTerms
    columns: Mapping[str, slice]
    note: str = ""

    def terms(self, user: int, item: int) -> list[Term]:
        found = self.model.kind_terms(user, item, self.columns)
        assert found is not None
        return found


def sum_by_name(found: Sequence[Term]) -> list[KindShare]:
    """One share for each kind, the largest first; parts of a score that know no kinds by their own names."""
    sides: dict[str, dict[str, float]] = {}
    for term in found:
        for part, value in term.by.items():
            name, side = (term.name, part) if part in (DIRECT, NEIGHBOURS) else (part, "")
            into = sides.setdefault(name, {})
            into[side] = into.get(side, 0.0) + value
    shares = [KindShare(n, sum(by.values()), by.get(DIRECT), by.get(NEIGHBOURS)) for n, by in sides.items()]
    return sorted(shares, key=lambda share: -abs(share.value))


def without_kind(features: Features, item: int, name: str) -> Features:
    """The features where an item lacks a kind: it has what other items without it have, or zeros."""
    columns, known = features.blocks[name]
    values, left = features.values.clone(), known.clone()
    lacking = torch.nonzero(~known).flatten()
    values[item, columns] = values[int(lacking[0]), columns] if len(lacking) else 0.0
    left[item] = False
    return features._replace(values=values, blocks={**features.blocks, name: Block(columns, left)})

"""The score tables that an export may hold, by name, and a scorer as a sum of such tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.item_weights import ItemItemWeights, SparseItemItemWeights
from ltgnn.scoring.scorers import InnerProduct, ItemBias, ScoreTable
from ltgnn.scoring.zero_diagonal import ZeroDiagonalWeights
from ltgnn.types import Scorer

FORMS: Mapping[str, type[ScoreTable]] = {
    table.form: table
    for table in (
        InnerProduct,
        ItemBias,
        ItemItemWeights,
        SparseItemItemWeights,
        FactorisedItemWeights,
        ZeroDiagonalWeights,
    )
}


def decompose(scorer: Scorer) -> list[ScoreTable] | None:
    """The tables whose sum a scorer is, whichever items are candidates; None: it is not such a sum."""
    if isinstance(scorer, ScoreTable):
        return [scorer]
    parts = scorer.terms()
    if parts is None:
        return None
    found: list[ScoreTable] = []
    for factor, part in parts:
        inside = decompose(part)
        if inside is None:
            return None
        found += [table if factor == 1 else table.times(factor) for table in inside]
    return found


def find_sparse_weights(scorer: Scorer) -> list[Any]:
    """Of the tables whose sum a scorer is those of sparse weights between items.  scipy CSR [I, I] each"""
    return [table.weights for table in decompose(scorer) or [] if isinstance(table, SparseItemItemWeights)]

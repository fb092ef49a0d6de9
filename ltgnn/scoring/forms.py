"""The score tables that an export may hold, by the name that stands in it."""

from __future__ import annotations

from collections.abc import Mapping

from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.scorers import InnerProduct, ItemBias, ItemItemWeights, ScoreTable, SparseItemItemWeights

FORMS: Mapping[str, type[ScoreTable]] = {
    table.form: table
    for table in (InnerProduct, ItemBias, ItemItemWeights, SparseItemItemWeights, FactorisedItemWeights)
}

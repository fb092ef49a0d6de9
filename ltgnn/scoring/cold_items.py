"""Items without a train interaction, for the record of a run."""

from __future__ import annotations

from typing import Any

from ltgnn.scoring.known_items import has_interactions
from ltgnn.types import Scorer, Split


def cold_items(split: Split, scorer: Scorer) -> dict[str, Any]:
    """Items without a train interaction: how many, on how many held-out pairs, and how many of them the scorer knows.

    The others are "not scorable": no candidates, so that their held-out pairs count as missed.
    """
    cold = ~has_interactions(split.train.item_counts)
    return {
        "items": int(cold.sum()),
        "scorable": int((cold if scorer.candidates is None else cold & scorer.candidates).sum()),
        "pairs": {part: int(cold[pairs.items].sum()) for part, pairs in (("val", split.val), ("test", split.test))},
    }

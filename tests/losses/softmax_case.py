"""What tests of softmax share."""

from __future__ import annotations

from ltgnn.types import Batch


def negatives_of(row: int, batch: Batch, in_batch: bool, mask_own: bool) -> list[int]:
    """Items that row ``row`` is contrasted with, in words of the definition."""
    pos = batch.pos.tolist()
    others = [item for place, item in enumerate(pos) if place != row and not (mask_own and item == pos[row])]
    return (others if in_batch else []) + batch.neg[row].tolist()

"""Evaluation as in some papers: only train items are masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ltgnn.evaluation.evaluator import Evaluator
from ltgnn.types import Interactions


class TrainMasked(Evaluator):
    """An evaluator whose test lists may hold the user's validation items, each of which takes a place and is not a hit.

    LightGCN++ tests so (``Procedure.Test`` of its code masks ``UserItemNet``, which is the train part), so that its
    published numbers are lower than those of the usual protocol by what the validation items take.
    """

    def __init__(self, held_out: Interactions, seen: Sequence[Interactions], *sides: Any, **options: Any) -> None:
        super().__init__(held_out, seen[:1], *sides, **options)

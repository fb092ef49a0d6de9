"""A served model with adjusted scores, and scores for a user outside of training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ltgnn.inference.served_model import ServedModel
from ltgnn.scoring.adjustments import PopularityCorrection
from ltgnn.scoring.forms import decompose
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import WeightedSum
from ltgnn.types import UserError

STRONGEST = 10.0


def towards_tail(served: ServedModel, weight: float) -> ServedModel:
    """``s(u, i) - weight * sd * log(1 + count_i)``: above 0 rare items gain, below 0 popular ones; 0 changes nothing.

    ``sd`` is the mean over some users of the spread of their scores, so that one value suits models of any scale.
    """
    if not -STRONGEST <= weight <= STRONGEST:
        raise UserError(f"tail={weight:g} given, a number from {-STRONGEST:g} to {STRONGEST:g} wanted")
    if weight == 0:
        return served
    correction = PopularityCorrection(served.split.train, None, weight * served.score_deviation)
    total = WeightedSum([(1.0, served.scorer.unmasked()), (1.0, correction)])
    return served.with_scorer(mask_items(total, served.scorer.candidates))


def of_history(served: ServedModel, items: Sequence[int]) -> Tensor:
    """Scores [I] for a user outside of training with these items; the items themselves are at -inf.

    In a model of vectors the user is the mean of the items' vectors: what one step of the graph makes of a user without
    a vector, up to its length. In a model of weights between items (EASE, neighbours) the score is the model's own.
    """
    tables = decompose(served.scorer)
    if tables is None:
        raise UserError("this model can rank only for users it was trained on: omit the history (popular items)")
    total = torch.zeros(served.num_items)
    chosen = torch.tensor(items, dtype=torch.int64)
    for table in tables:
        total += table.of_history(chosen)
    total = total.masked_fill(~served.scorable, -torch.inf)
    total[chosen] = -torch.inf
    return total

"""What a trained model ranks by: its states, what its losses do to them, and the score adjustments."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch.nn import functional as F

from ltgnn.scoring.masked import any_candidates, mask_items
from ltgnn.scoring.score_function import ScoreFunction
from ltgnn.scoring.scorers import WeightedSum
from ltgnn.types import Encoded, Loss, PartEvaluator, Scorer, as_scorer


def rank_states(
    score: ScoreFunction,
    losses: Iterable[Loss],
    encoded: Encoded,
    evaluate: PartEvaluator | None = None,
    device: str | torch.device = "cpu",
) -> Scorer:
    """The scorer of states. A loss may adjust it (``Loss.at_ranking``) or add scores of its own (``added_scores``).

    ``evaluate``: the evaluator of the validation part, by which the adjustments of ``score`` may be scaled.
    """
    losses = list(losses)
    added = [one for loss in losses for one in loss.added_scores()]
    if added:
        encoded = forget_unknown(encoded)
    if any(loss.trains_cosines for loss in losses):
        encoded = encoded._replace(users=F.normalize(encoded.users), items=F.normalize(encoded.items))
    scored = score.of(encoded)
    base = scored.unmasked()
    for loss in losses:
        base = as_scorer(loss.at_ranking(encoded, base))
    known = scored.candidates
    if added:
        known = any_candidates([known, *(scorer.candidates for _, scorer in added)])
        base = WeightedSum([(1.0, base), *((factor, scorer.unmasked()) for factor, scorer in added)])
    return score.over(mask_items(base, known), evaluate, device)


def forget_unknown(encoded: Encoded) -> Encoded:
    """States of 0 for items that the model does not know: the added scores alone rank them."""
    if encoded.known is None:
        return encoded
    return encoded._replace(items=encoded.items * encoded.known.to(encoded.items.device)[:, None])

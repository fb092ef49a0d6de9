"""The explainer of a finished run: which terms its score has, or why it has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ltgnn.inference.explanation.cosine_terms import CosineTerms
from ltgnn.inference.explanation.explainer import Explainer
from ltgnn.inference.explanation.kind_shares import LeaveOneOut, Measure, Summands
from ltgnn.inference.explanation.message_terms import MessageTerms
from ltgnn.inference.open_run import OpenRun
from ltgnn.inference.restore import restore_scorer
from ltgnn.types import Features, KindTerms, LinearTerms, UserError

if TYPE_CHECKING:
    from ltgnn.module import Recommender


def explainer(shop: OpenRun, leave_out: bool = True) -> Explainer:
    """The explainer of an open run; a score that cannot be split is reported at the first request.

    ``leave_out``: of a model that is not linear in the kinds of its features, score the item without each kind; this
    makes the model once for each kind, at every request.
    """
    fields = shop.problem.dataset.item_fields
    texts = shop.texts if fields else []
    if shop.module is None:
        return Explainer(shop.served, None, texts)
    try:
        linear = linear_terms(shop, shop.module)
    except UserError as mistake:
        return Explainer(shop.served, None, texts, refusal=str(mistake), kinds=measure(shop, None, leave_out))
    sums = shop.module.encoder.message_index(shop.module.graph) is None
    return Explainer(shop.served, linear, texts, linear.note, sums=sums, kinds=measure(shop, linear, leave_out))


def linear_terms(shop: OpenRun, module: Recommender) -> LinearTerms:
    """The model's own part of the score as a sum; ``UserError`` with the reason where it is none."""
    judging = next((name for name, loss in module.losses.items() if loss.changes_ranking), None)
    if judging is not None:
        raise UserError(f"loss {type(module.losses[judging]).__name__} changes the scores when it ranks: no sum.")
    scoring = module.score.scoring
    if scoring.aggregation is not None:
        raise UserError("score=tag mixes the states of neighbours after training: not split into summands yet.")
    cosines = any(loss.trains_cosines for loss in module.losses.values())
    if (index := module.encoder.message_index(module.graph)) is not None:
        return MessageTerms(module.encoder.eval(), module.graph, index, scoring.norm_power, cosines)
    linear = module.encoder.linear_terms(module.graph, 0.0 if cosines else scoring.norm_power)
    return CosineTerms(linear, module.encode_all().users) if cosines else linear


def measure(shop: OpenRun, linear: LinearTerms | None, leave_out: bool) -> Measure | None:
    """What tells the share of each kind of features: their sum where there is one, else the loss without each.

    None where the model reads no features, or they are trained with it and are no sum.
    """
    assert shop.module is not None
    embedding = shop.module.encoder.embedding
    if embedding.features is None or (features := shop.problem.features) is None or not features.blocks:
        return None
    columns = {name: block.columns for name, block in features.blocks.items()}
    if isinstance(linear, KindTerms) and linear.kind_terms(0, 0, columns) is not None:
        return Summands(linear, columns)
    if embedding.trained_features is not None or not leave_out:
        return None

    def score_with(given: Features, user: int) -> Tensor:
        problem = replace(shop.problem, make_features=lambda: given)
        with torch.random.fork_rng():  # the weights that are drawn first are replaced by those of the run
            scorer, device = restore_scorer(shop.cfg, problem, shop.run, torch.device("cpu"))
        return scorer.unmasked().scores(torch.tensor([user], device=device))[0]

    return LeaveOneOut(features, score_with)

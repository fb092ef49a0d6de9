"""The explainer of a finished run: which terms its score has, or why it has none."""

from __future__ import annotations

from ltgnn.inference.explanation.cosine_terms import CosineTerms
from ltgnn.inference.explanation.explainer import Explainer
from ltgnn.inference.explanation.message_terms import NOTE, MessageTerms
from ltgnn.inference.open_run import OpenRun
from ltgnn.types import UserError


def explainer(shop: OpenRun) -> Explainer:
    """The explainer of an open run; a score that cannot be split is reported at the first request."""
    fields = shop.problem.dataset.item_fields
    texts = shop.texts if fields else []
    if shop.module is None:
        return Explainer(shop.served, None, texts)
    module = shop.module
    judging = next((name for name, loss in module.losses.items() if loss.changes_ranking), None)
    if judging is not None:
        kind = type(module.losses[judging]).__name__
        return Explainer(shop.served, None, texts, refusal=f"loss {kind} changes the scores when it ranks: no sum.")
    scoring = module.score.scoring
    if scoring.aggregation is not None:
        refusal = "score=tag mixes the states of neighbours after training: not split into summands yet."
        return Explainer(shop.served, None, texts, refusal=refusal)
    cosines = any(loss.trains_cosines for loss in module.losses.values())
    if (index := module.encoder.message_index(module.graph)) is not None:
        messages = MessageTerms(module.encoder.eval(), module.graph, index, scoring.norm_power, cosines)
        return Explainer(shop.served, messages, texts, NOTE, sums=False)
    try:
        linear = module.encoder.linear_terms(module.graph, 0.0 if cosines else scoring.norm_power)
    except UserError as mistake:
        return Explainer(shop.served, None, texts, refusal=str(mistake))
    if cosines:
        linear = CosineTerms(linear, module.encode_all().users)
    return Explainer(shop.served, linear, texts, linear.note)

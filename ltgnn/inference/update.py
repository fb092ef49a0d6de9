"""New interactions, users and items folded into a finished model, without retraining."""

from __future__ import annotations

import time
from typing import Any

import torch
from omegaconf import DictConfig

from ltgnn.build import (
    Problem,
    adjust_scores,
    build_evaluators,
    build_losses,
    build_score,
    fit_closed_form,
    fitting_evaluator,
    is_closed_form,
)
from ltgnn.inference.column_update import ColumnUpdate
from ltgnn.inference.fold_in import FoldIn
from ltgnn.inference.new_interactions import NewInteractions, rebuild_module
from ltgnn.inference.restore import load_module
from ltgnn.runs.folder import RunFolder
from ltgnn.scoring.score_function import ScoreFunction
from ltgnn.scoring.trained_scores import rank_states
from ltgnn.types import Scorer, UserError

ALL_EXACT = ColumnUpdate(None, 0.0)
AGAIN = "computed again"
"""Key of the report: what of the model was computed again, in words."""


def update_scorer(
    cfg: DictConfig,
    problem: Problem,
    after: Problem,
    new: NewInteractions,
    run: RunFolder,
    columns: ColumnUpdate = ALL_EXACT,
) -> tuple[Scorer, dict[str, Any]]:
    """The scorer of the extended model; what was computed again for it (``AGAIN``), and in how many ``seconds``.

    ``columns``: of a closed form that solves only some of its columns.
    """
    if is_closed_form(cfg):
        started = time.perf_counter()
        if cfg.score.get("fit") is not None:
            raise UserError(
                "score.fit was chosen by a validation part that has changed: ltgnn train score.fit=null first"
            )
        found = columns.scorer(cfg, problem, after, run)
        if found is None:
            scorer = adjust_scores(cfg, after, fit_closed_form(cfg, after), {})
            found = scorer, "the closed form, of all pairs"
        scorer, again = found
        return scorer, {AGAIN: again, "seconds": round(time.perf_counter() - started, 3)}
    if columns != ALL_EXACT:
        raise UserError(
            "weights= or tolerance= given, but the run is a trained model, whose weights are in it: leave them out."
        )
    module = load_module(cfg, problem, run, torch.device("cpu"))
    validation = fitting_evaluator(cfg, build_evaluators(cfg, problem))
    module.scorer(validation)  # scales the adjustments as evaluation did
    if not FoldIn.supports(module):
        started = time.perf_counter()
        other = rebuild_module(cfg, problem, after, module.state_dict())
        other.score = _same_strength(other.score, module.score)
        return other.scorer(), {
            AGAIN: "graph and vectors, all with the weights of the run",
            "seconds": round(time.perf_counter() - started, 3),
        }  # fmt: skip
    model = FoldIn(problem, module)
    started = time.perf_counter()
    encoded, update = model.update(new, after)
    seconds = time.perf_counter() - started
    score = _same_strength(build_score(cfg, after), module.score)
    losses = build_losses(cfg, after)
    for name, loss in losses.items():
        if isinstance(loss, torch.nn.Module):
            loss.load_state_dict(module.loss_modules[name].state_dict())
    scorer = rank_states(score, losses.values(), encoded)
    reached, total = int(update.changed.sum()), len(update.changed)
    return scorer, {
        AGAIN: f"vectors of {reached:,} of {total:,} users and items: those that the new pairs reach",
        "by layer": update.computed, "seconds": round(seconds, 3),
    }  # fmt: skip


def _same_strength(score: ScoreFunction, fitted: ScoreFunction) -> ScoreFunction:
    """The score adjustments, scaled by the factor that validation chose for the run."""
    score.factor = fitted.factor
    return score

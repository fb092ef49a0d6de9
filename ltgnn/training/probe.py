"""What a job would cost, from two of its steps: the time in a dry run (``sweep.dry_run=true``)."""

from __future__ import annotations

import time

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from ltgnn.build import (
    adjust_scores,
    build_data,
    build_evaluators,
    build_module,
    build_problem,
    fit_closed_form,
    fitting_evaluator,
    is_closed_form,
)
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.evaluation.monitor_check import find_monitored_part
from ltgnn.graph.tables import reused_memory
from ltgnn.training.quiet import quiet_lightning


def probe(cfg: DictConfig, cache: Cache = NO_CACHE) -> float:
    """Seconds that a job takes if it does not stop early, from two steps and one evaluation; leaves no file.

    A closed form is fitted completely, since it has no steps.
    """
    started = time.perf_counter()
    problem = build_problem(cfg, cache)
    evaluators = build_evaluators(cfg, problem, cache)
    if is_closed_form(cfg):
        scorer = adjust_scores(cfg, problem, fit_closed_form(cfg, problem, cache), evaluators)
        device = torch.device("cpu")
        training, passes = 0.0, 0
    else:
        from ltgnn.training.pruning import StepClock

        module, data = build_module(cfg, problem, evaluators, cache), build_data(cfg, problem, evaluators)
        find_monitored_part(str(cfg.monitor), evaluators)
        clock = StepClock()
        kinds = {"logger": False, "enable_checkpointing": False, "max_epochs": 1, "min_epochs": None, "max_steps": 2}
        with quiet_lightning(), reused_memory():
            trainer = instantiate(cfg.trainer)(callbacks=[clock], limit_val_batches=0, **kinds)
            trainer.fit(module, data)
        epochs = int(cfg.trainer.max_epochs)
        training, passes = clock.seconds * len(data.train_dataloader()) * epochs, epochs // int(cfg.eval_every)
        scorer, device = module.scorer(fitting_evaluator(cfg, evaluators)), module.device
    ready = time.perf_counter()
    for evaluate in evaluators.values():
        evaluate(scorer, device=device)
    judging = time.perf_counter() - ready
    return (ready - started) + training + judging + passes * judging / max(1, len(evaluators))

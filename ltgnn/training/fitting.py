"""Fitting the model of a job: a closed form in one step, others by epochs, with the state that was selected."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from ltgnn.build import (
    Problem,
    adjust_scores,
    build_data,
    build_module,
    fit_closed_form,
    fitting_evaluator,
    is_closed_form,
)
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.evaluation.monitor_check import find_monitored_part
from ltgnn.graph.tables import reused_memory
from ltgnn.runs.fitted_tables import keep_tables
from ltgnn.runs.run_key import run_key
from ltgnn.runs.tracking import Tracker
from ltgnn.training.distributed.processes import processes, worker_processes
from ltgnn.training.memory import keep_large_tables
from ltgnn.training.quiet import quiet_lightning
from ltgnn.types import PartEvaluator, Scorer

if TYPE_CHECKING:
    from pytorch_lightning import Trainer

    from ltgnn.module import Recommender
    from ltgnn.training.profile import Profile

log = logging.getLogger(__name__)


def during(parts: Profile | None, name: str) -> AbstractContextManager[None]:
    """Time inside counts for a part."""
    return nullcontext() if parts is None else parts.part(name)


def fit(
    cfg: DictConfig,
    problem: Problem,
    evaluators: Mapping[str, PartEvaluator],
    tracker: Tracker,
    parts: Profile | None = None,
    cache: Cache = NO_CACHE,
) -> tuple[Scorer, torch.device, dict[str, Any]]:
    """The scorer of the selected model, where it expects its users, and how it was selected."""
    if is_closed_form(cfg):
        if not cfg.sweep.running:
            log.info("training: a closed form, in one step")
        with during(parts, "setup"):
            base = fit_closed_form(cfg, problem, cache)
            keep_fitted(cfg, base)
            scorer = adjust_scores(cfg, problem, base, evaluators)
        return scorer, torch.device("cpu"), {"by": "none: closed form"}
    module, trainer, callbacks = fit_module(cfg, problem, evaluators, tracker, parts, cache)
    checkpoint: Any = callbacks.get("checkpoint")
    if best := "" if checkpoint is None else checkpoint.best_model_path:
        if processes(cfg) > 1:  # of one with a share of the columns, too, the checkpoint has all
            module = build_module(cfg, problem, evaluators, cache)
        state = torch.load(best, map_location=module.device, weights_only=True)
        module.load_state_dict(state["state_dict"])
        selection = {"by": checkpoint.monitor or "last epoch", "epoch": int(state["epoch"]) + 1}
    else:
        selection = {"by": "last epoch", "epoch": trainer.current_epoch}
    fitted = [scores for loss in module.losses.values() if (scores := loss.fitted_scores()) is not None]
    keep_fitted(cfg, fitted[0] if len(fitted) == 1 else None)
    return (
        module.scorer(fitting_evaluator(cfg, evaluators)),
        module.device,
        selection | {"epochs_run": trainer.current_epoch} | (callbacks["resume"].card if "resume" in callbacks else {}),
    )


def keep_fitted(cfg: DictConfig, scorer: Scorer | None) -> None:
    """Write what a closed form computed into the run folder, unless ``callbacks.checkpoint`` is null."""
    if scorer is not None and OmegaConf.select(cfg, "callbacks.checkpoint") is not None:
        keep_tables(Path(cfg.paths.run_dir), scorer)


def fit_module(
    cfg: DictConfig,
    problem: Problem,
    evaluators: Mapping[str, PartEvaluator],
    tracker: Tracker,
    parts: Profile | None = None,
    cache: Cache = NO_CACHE,
) -> tuple[Recommender, Trainer, dict[str, Any]]:
    """The module after its last epoch, its trainer, and the callbacks by name; what each process of a run does."""
    from ltgnn.training.progress import IN_A_SWEEP, Progress, on_terminal

    with during(parts, "setup"):
        module = build_module(cfg, problem, evaluators, cache)
        for loss in module.losses.values():
            loss.prepare()
    keep_large_tables()
    callbacks = {name: callback for name, callback in instantiate(cfg.callbacks).items() if callback is not None}
    if cfg.sweep.running and isinstance(progress := callbacks.get("progress"), Progress):
        if on_terminal():
            callbacks.pop("progress")  # the table of the sweep shows it
        else:
            progress.name, progress.every = Path(cfg.paths.run_dir).name, IN_A_SWEEP
    if cfg.sweep.trial is not None:
        from ltgnn.training.pruning import Prune

        callbacks["prune"] = Prune(**cfg.sweep.trial)
    resumed = None
    if processes(cfg) > 1:
        from ltgnn.training.distributed.column_parallel import refuse_to_share

        refuse_to_share(cfg, module)
    elif cfg.sweep.trial is None:
        from ltgnn.training.resume import Resume

        callbacks["resume"] = resume = Resume(Path(cfg.paths.run_dir), run_key(cfg), every=float(cfg.sweep.save_every))
        resumed = resume.checkpoint() if cfg.sweep.resume else None
    if find_monitored_part(str(cfg.monitor), evaluators) == "test" and "early_stop" in callbacks:
        log.warning("selection: TEST (monitor=%s), as a paper did; such a number is not a claim.", cfg.monitor)
    with worker_processes(cfg), quiet_lightning(), reused_memory():
        watched = {} if parts is None else {"profiler": parts}
        if parts is not None:
            parts.watch(module)
        trainer = instantiate(cfg.trainer)(
            callbacks=[*callbacks.values(), *tracker.callbacks()], logger=tracker.lightning_logger(), **watched
        )
        try:
            trainer.fit(module, build_data(cfg, problem, evaluators), ckpt_path=resumed)
        except SystemExit:  # Lightning's answer to a Ctrl-C, which also makes the program deaf to the next
            if not trainer.interrupted:
                raise
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt from None
        save_unvalidated(trainer, callbacks.get("checkpoint"))
    if "prune" in callbacks and callbacks["prune"].pruned:
        from ltgnn.training.pruning import TrialPruned

        raise TrialPruned(f"at epoch {trainer.current_epoch} by hydra.sweeper.pruner")
    return module, trainer, callbacks


def save_unvalidated(trainer: Trainer, checkpoint: object) -> None:
    """The last state as ``last.ckpt`` where there was no validation; Lightning before 2.5.6 saves at those only."""
    from pytorch_lightning.callbacks import ModelCheckpoint

    if isinstance(checkpoint, ModelCheckpoint) and checkpoint.save_last and not checkpoint.last_model_path:
        trainer.save_checkpoint(Path(str(checkpoint.dirpath)) / "last.ckpt")

"""One job, straight through: data, model, training, evaluation, and the run folder that it leaves."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from ltgnn.build import (
    Problem,
    build_data,
    build_evaluators,
    build_features,
    build_module,
    build_problem,
    fit_closed_form,
    fitting_evaluator,
    is_closed_form,
    reading_groups,
    uses_features,
)
from ltgnn.config.reads_features import describe_readers
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.data.splitting import count_ties
from ltgnn.evaluation.evaluators import Evaluators
from ltgnn.evaluation.monitor_check import find_monitored_part, refuse_unknown_monitor
from ltgnn.graph.tables import reused_memory
from ltgnn.runs.catalogue import write_catalogue
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import resolve_config, run_key
from ltgnn.runs.tracking import Tracker
from ltgnn.runs.warnings import collect
from ltgnn.scoring.cold_items import cold_items
from ltgnn.training.distributed.processes import processes, worker_processes
from ltgnn.training.memory import keep_large_tables
from ltgnn.training.quiet import quiet_lightning
from ltgnn.types import Evaluation, PartEvaluator, Scorer

if TYPE_CHECKING:
    from pytorch_lightning import Trainer

    from ltgnn.module import Recommender
    from ltgnn.training.profile import Profile

log = logging.getLogger(__name__)


def train(cfg: DictConfig, overrides: Sequence[str] = (), cache: Cache = NO_CACHE) -> dict[str, Evaluation]:
    """One job from start to end; leaves a run folder at ``paths.run_dir``.

    ``cache``: of the sweep that the job belongs to.
    """
    folder, started = RunFolder(cfg.paths.run_dir), time.perf_counter()
    config = resolve_config(cfg)
    with folder.job(cfg, overrides), instantiate(cfg.logger).open(folder.path, config) as tracker:
        parts = profiler(cfg)
        with during(parts, "setup"):
            problem = build_problem(cfg, cache)
            evaluators = build_evaluators(cfg, problem, cache)
            with_features = tell_feature_readers(cfg, evaluators)
            refuse_unknown_monitor(str(cfg.monitor), evaluators)
            write_cards(folder, problem, with_features)
        ready = time.perf_counter()
        scorer, device, selection = fit(cfg, problem, evaluators, tracker, parts, cache)
        fitted = time.perf_counter()
        with during(parts, "evaluation"):
            evaluations = {part: evaluate(scorer, device=device) for part, evaluate in evaluators.items()}
        for part, evaluation in evaluations.items():
            folder.write_evaluation(part, evaluation)
        before = selection.get("resumed", {}).get("seconds", 0.0)  # of fitting, before the run was interrupted
        total = time.perf_counter() - started + before
        seconds = {"setup": ready - started, "fit": fitted - ready + before, "total": total}
        features = problem.features if uses_features(cfg, problem) else None
        results: dict[str, Any] = {
            **{part: evaluation.values for part, evaluation in evaluations.items()},
            "selection": selection,
            "seconds": {name: round(value, 3) for name, value in seconds.items()},
            **problem.record(problem.split, evaluators),
            "warnings": collect(cfg, problem.dataset, problem.split, features, evaluations, selection),
            "cold_items": cold_items(problem.split, scorer),
            "reads_features": features is not None,
        }
        folder.write_json("metrics.json", results)
        tracker.evaluations(
            {f"{part}/{name}": value for part, e in evaluations.items() for name, value in e.values.items()}
        )
        tracker.upload(folder.path)
        facts = {"seconds": results["seconds"]["total"], "fingerprint": problem.split.fingerprint}
        tracker.summary(facts | ({"epochs": selection["epochs_run"]} if "epochs_run" in selection else {}))
        if parts is not None:
            from ltgnn.training import profile

            profile.report(folder, parts)
    return evaluations


def profiler(cfg: DictConfig) -> Profile | None:
    """The profiler if ``profile=true``, else None."""
    if not cfg.get("profile"):
        return None
    from ltgnn.training.profile import Profile

    return Profile()


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
            return fit_closed_form(cfg, problem, evaluators, cache), torch.device("cpu"), {"by": "none: closed form"}
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
    return (
        module.scorer(fitting_evaluator(cfg, evaluators)),
        module.device,
        selection | {"epochs_run": trainer.current_epoch} | (callbacks["resume"].card if "resume" in callbacks else {}),
    )


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

    keep_large_tables()
    with during(parts, "setup"):
        module = build_module(cfg, problem, evaluators, cache)
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


def tell_feature_readers(cfg: DictConfig, evaluators: Evaluators) -> bool:
    """One line on the parts of a run that read item features; whether there are any, so that items are encoded."""
    groups = reading_groups(cfg)
    if build_features(cfg).gives_features:
        words = {group: str(cfg.choices.get(group) or cfg[group].get("_target_", "own")) for group in groups}
        log.info("%s", describe_readers(str(cfg.choices.get("features", "own")), words, evaluators.reading_metrics))
    return bool(groups or evaluators.reading_metrics)


def write_cards(folder: RunFolder, problem: Problem, with_features: bool) -> None:
    """What the run was trained on: data, split, groups, and features where a part of it reads them."""
    split = problem.split
    card = {
        **problem.dataset.card,
        "name": problem.dataset.name,
        "users": problem.dataset.num_users,
        "items": problem.dataset.num_items,
        "split": split.name,
        "warnings": [*problem.dataset.card.get("warnings", ()), *count_ties(split)],
        "fingerprint": split.fingerprint,
        "pairs": {"train": len(split.train), "val": len(split.val), "test": len(split.test)},
        "groups": problem.group_card,
    }
    folder.write_json("data_card.json", card)
    if with_features and problem.features is not None:
        folder.write_json("features_card.json", problem.features.card)
    write_catalogue(folder, problem.dataset, split, problem.groups)


def headline(evaluations: Mapping[str, Evaluation], monitor: str) -> float | None:
    """The monitored value of the selected model."""
    part, _, name = monitor.partition("/")
    return evaluations[part].values.get(name) if part in evaluations else None

"""One job, straight through: data, model, training, evaluation, and the run folder that it leaves."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from ltgnn.build import (
    Problem,
    build_evaluators,
    build_features,
    build_problem,
    reading_groups,
    uses_features,
)
from ltgnn.config.reads_features import describe_readers
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.data.splitting import count_ties
from ltgnn.evaluation.evaluators import Evaluators
from ltgnn.evaluation.monitor_check import refuse_unknown_monitor
from ltgnn.runs.catalogue import write_catalogue
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import resolve_config
from ltgnn.runs.warnings import collect
from ltgnn.scoring.cold_items import cold_items
from ltgnn.training.fitting import during, fit
from ltgnn.types import Evaluation

if TYPE_CHECKING:
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

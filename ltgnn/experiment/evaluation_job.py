"""The job of ``ltgnn evaluate`` as Hydra calls it, for the command and for Python."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict

from ltgnn.build import build_evaluators, build_problem, build_split, uses_features
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.evaluation.external_lists import list_scorer
from ltgnn.inference.restore import refuse_other_data, restore_scorer
from ltgnn.io.pluralize import pluralize
from ltgnn.runs.catalogue import write_catalogue
from ltgnn.runs.existing_run import finished_metrics
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.warnings import collect
from ltgnn.scoring.cold_items import cold_items
from ltgnn.training.loop import tell_feature_readers
from ltgnn.types import Interactions, Split, UserError

log = logging.getLogger(__name__)

JUDGED_BY = ("split", "groups", "score", "eval", "paths")
"""Groups that can change for a finished run; the others made the model what it is."""


def evaluate(cfg: DictConfig, overrides: Sequence[str], cache: Cache = NO_CACHE) -> dict[str, float]:
    """One job: leaves a run folder with the same files and table as training; the values of the test part."""
    folder, started = RunFolder(cfg.paths.run_dir), time.perf_counter()
    if cfg.lists is not None:
        cfg.eval.ranks = {}  # what a list leaves out has no rank
    if (before := finished_metrics(folder.path, cfg)) is not None:
        return dict(before["test"])
    with folder.job(cfg, overrides):
        if cfg.lists is not None:
            problem = build_problem(cfg, cache)
            split, (scorer, users) = (
                problem.split,
                list_scorer(cfg.lists, problem.dataset.user_ids, problem.dataset.item_ids),
            )
            device, selection = torch.device("cpu"), {"by": "unknown: lists of another library"}
            evaluators = {"test": build_evaluators(cfg, problem, cache)["test"]}
            without_list = int(torch.isinf(scorer(evaluators["test"].users)).all(1).sum()) if users else 0
            log.info(
                "%s: lists for %s; %s none and count as missed",
                cfg.lists,
                pluralize(users, "user"),
                pluralize(without_list, "test user has", "test users have"),
            )
        else:
            saved = RunFolder(cfg.run)
            recorded = saved.config()
            trained_on = cfg.copy()
            trained_on.split = recorded.split
            problem = build_problem(trained_on, cache)
            split = problem.split
            refuse_other_data(saved, recorded, problem)
            if cfg.split != recorded.split:
                split = unseen(build_split(cfg, problem.dataset), problem.split.train)
            scorer, device = restore_scorer(trained_on, problem, saved, cache=cache)
            selection = saved.read_json("metrics.json").get("selection", {})
            judges = build_evaluators(cfg, problem, split=split)
            tell_feature_readers(trained_on, judges)
            evaluators = dict(judges)
        evaluations = {part: evaluator(scorer, device=device) for part, evaluator in evaluators.items()}
        for part, evaluation in evaluations.items():
            folder.write_evaluation(part, evaluation)
        reads = cfg.lists is None and uses_features(trained_on, problem)
        results: dict[str, Any] = {
            **{part: evaluation.values for part, evaluation in evaluations.items()},
            "selection": selection,
            "seconds": {"total": round(time.perf_counter() - started, 3)},
            **problem.record(split, evaluators),
            "warnings": collect(
                cfg, problem.dataset, split, problem.features if reads else None, evaluations, selection
            ),
        }
        if cfg.lists is None:  # which items another library could have listed is unknown
            results["cold_items"] = cold_items(split, scorer)
            results["reads_features"] = reads
        folder.write_json("metrics.json", results)
        write_catalogue(folder, problem.dataset, split, problem.groups)
    return evaluations["test"].values


def unseen(other: Split, train: Interactions) -> Split:
    """``other`` for a model that was trained on ``train``: pairs it was trained on cannot be held out."""
    val, test = (part.select(~torch.isin(part.keys, train.keys)) for part in (other.val, other.test))
    left = len(other.val) + len(other.test) - len(val) - len(test)
    log.warning(
        "split: %s; %d of its %d held-out pairs were left out, since the run was trained on them",
        other.name, left, len(other.val) + len(other.test),
    )  # fmt: skip
    if not len(test):
        raise UserError(f"split: the run was trained on every test pair of '{other.name}'; train anew with that split")
    return Split(train, val, test, f"{other.name}, less the pairs of the run's own train part")


def evaluate_job(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """Evaluates a finished run, or lists of another library, as Hydra calls it; NDCG@20 of the test part."""
    hydra = HydraConfig.get()
    if (cfg.run is None) == (cfg.lists is None):
        raise UserError(
            "ltgnn evaluate requires either run=DIR (a finished run) or lists=FILE.csv (of another library)"
        )
    changed = [text for text in hydra.overrides.task if not text.startswith(("run=", "lists="))]
    judged = [text for text in changed if not text.startswith(("paths.", "tags=", "task=", "sweep."))]
    chosen = {k: v for k, v in hydra.runtime.choices.items() if not k.startswith("hydra/") and "@" not in k}
    if cfg.run is not None:
        reject_model_overrides(changed)
        choices = dict(RunFolder(cfg.run).recipe()["choices"])
        choices |= {axis: word for axis, word in chosen.items() if word != "run"}
    else:
        choices = {"model": Path(cfg.lists).stem, "fusion": "-", "loss": "-"} | chosen
    with open_dict(cfg):
        cfg.choices, cfg.changed = choices, " ".join(judged)
    return evaluate(cfg, hydra.overrides.task, cache).get("ndcg@20")


def reject_model_overrides(overrides: Sequence[str]) -> None:
    """A finished model cannot be asked to be another one."""
    for text in overrides:
        key = text.lstrip("+~").partition("=")[0].partition("@")[0].partition(".")[0]
        if key not in (*JUDGED_BY, "tags", "task", "sweep"):
            raise UserError(
                f"'{text}' changes the model or its data, but run=... is evaluated as it was trained. It can change "
                f"{', '.join(JUDGED_BY)}; for the rest: ltgnn train"
            )

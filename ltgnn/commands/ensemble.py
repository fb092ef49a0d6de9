"""Finished runs blended into one: ``ltgnn ensemble RUN RUN ... blend=zscore|rrf|learned|tail_kept|lambdarank``."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, open_dict

from ltgnn.analysis.table import show
from ltgnn.build import (
    build_blend,
    build_evaluators,
    build_problem,
    build_score,
    fitting_evaluator,
    uses_features,
)
from ltgnn.config.help_page import HELP, help_page
from ltgnn.config.hydra_entry import hydra_entry
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.inference.ensemble_members import Member, open_members
from ltgnn.runs.existing_run import finished_metrics
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.warnings import collect
from ltgnn.scoring.cold_items import cold_items
from ltgnn.training.loop import tell_feature_readers, write_cards
from ltgnn.types import UserError

log = logging.getLogger(__name__)

FROM_FIRST = ("data", "split", "groups", "eval")


def ensemble(cfg: DictConfig, overrides: Sequence[str], cache: Cache) -> dict[str, float]:
    """One job: leaves a run folder with the same files and table as training; the values of the test part."""
    folder, started = RunFolder(cfg.paths.run_dir), time.perf_counter()
    members = open_members(cfg.runs, cache)
    describe(cfg, members)
    if (before := finished_metrics(folder.path, cfg)) is not None:
        return dict(before["test"])
    with folder.job(cfg, overrides):
        problem = build_problem(cfg, cache)
        evaluators = build_evaluators(cfg, problem, cache)
        write_cards(folder, problem, tell_feature_readers(cfg, evaluators) or bool(cfg.reads_features))
        scorers = {member.name: member.scorer() for member in members}
        blend, train, features = build_blend(cfg), problem.split.train, None
        if cfg.reads_features:
            features = problem.feature_matrix
        fitted = blend.weights is None
        if fitted:
            cfg.blend.weights = blend.find_weights(scorers, train, problem.split.val, int(cfg.depth), features)
            blend = build_blend(cfg)
        blended = blend.of(scorers, train, features)
        score = build_score(cfg, problem)
        scorer = score.over(blended, fitting_evaluator(cfg, evaluators))
        ready = time.perf_counter()
        evaluations = {part: evaluate(scorer) for part, evaluate in evaluators.items()}
        for part, evaluation in evaluations.items():
            folder.write_evaluation(part, evaluation)
        selection = describe_selection(members, fitted)
        seconds = {"fit": ready - started, "total": time.perf_counter() - started}
        reads = bool(cfg.reads_features) or uses_features(cfg, problem)
        reading = problem.features if reads else None
        results: dict[str, Any] = {
            **{part: evaluation.values for part, evaluation in evaluations.items()},
            "selection": selection,
            "seconds": {name: round(value, 3) for name, value in seconds.items()},
            **problem.record(problem.split, evaluators),
            "warnings": collect(cfg, problem.dataset, problem.split, reading, evaluations, selection),
            "cold_items": cold_items(problem.split, scorer),
            "reads_features": reads,
        }
        folder.write_json("metrics.json", results)
    if fitted:
        folder.amend(cfg)
    return evaluations["test"].values


def describe(cfg: DictConfig, members: Sequence[Member]) -> None:
    """The recipe from the members': data of the first, text of the first that reads any; seed of those trained."""
    first = members[0]
    reading = next((member for member in members if member.reads_features), None)
    trained = [member for member in members if "closed_form" not in member.cfg.model]
    with open_dict(cfg):
        for section in FROM_FIRST:
            cfg[section] = first.cfg[section]
        cfg.features = (reading or first).cfg.features
        runs = {m.name: {"folder": str(m.run.path.resolve()), "key": m.key} for m in members}
        target = "ltgnn.inference.ensemble_members.Members"
        cfg.model = {"closed_form": {"_target_": target, "runs": runs, "blend": "${blend}"}}
        cfg.reads_features = reading is not None
        cfg.seed = int((trained or members)[0].cfg.seed)
        axes = {axis: first.cfg.choices[axis] for axis in ("data", "split") if axis in first.cfg.choices}
        word = "none" if reading is None else reading.cfg.choices.get("features", "none")
        model = f"ensemble-{cfg.choices.get('blend', 'given')}"
        cfg.choices = {**axes, "model": model, "fusion": "-", "loss": "-", "features": word, **cfg.choices}


def describe_selection(members: Sequence[Member], fitted: bool) -> dict[str, Any]:
    """By what the members and the weights were chosen; a blend of closed forms has no seed either."""
    found = [str(member.run.read_json("metrics.json")["selection"]["by"]) for member in members]
    by = next((by for by in found if by.split("/")[0] not in ("val", "none: closed form")), None)
    by = by or next((by for by in found if by.startswith("val/")), found[0])
    return {"by": by, "weights": "fitted on val" if fitted else "given"}


def task(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """What Hydra calls for each job."""
    hydra = HydraConfig.get()
    with open_dict(cfg):
        cfg.choices = {axis: word for axis, word in hydra.runtime.choices.items() if axis in ("blend", "score")}
    value = ensemble(cfg, hydra.overrides.task, cache if cache.kept else Cache()).get("ndcg@20")
    if hydra.mode != RunMode.MULTIRUN:
        show([*map(Path, cfg.runs), Path(cfg.paths.run_dir)])
    return value


run_ensemble = hydra_entry("ensemble", task)


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn ensemble``; arguments without ``=`` are runs."""
    given = list(sys.argv[1:] if argv is None else argv)
    if not given or any(word in HELP for word in given):
        print(help_page("ensemble"))
        return 0
    runs = [word for word in given if "=" not in word and not word.startswith("-")]
    if any("'" in run for run in runs):
        raise UserError("a run's folder cannot have a quote in its name here.")
    if len(runs) == 1:
        raise UserError(f"{runs[0]} is a single run: give the folders of two or more finished runs.")
    quoted = ",".join(f"'{run}'" for run in runs)
    return run_ensemble([*(word for word in given if word not in runs), f"runs=[{quoted}]"])


if __name__ == "__main__":
    raise SystemExit(main())

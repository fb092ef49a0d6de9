"""A run folder, opened for serving: ``open_run(DIR).recommend(...)``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor

from ltgnn.build import Problem, build_problem
from ltgnn.config.reads_features import uses_features
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.features.card import features_in_words
from ltgnn.inference.catalogue import Catalogue
from ltgnn.inference.restore import refuse_other_data, restore_scorer
from ltgnn.inference.served_model import ServedModel
from ltgnn.runs.finished import finished_run, refuse_lists
from ltgnn.runs.folder import RunFolder
from ltgnn.types import Damaged, Scorer, UserError

log = logging.getLogger(__name__)

SHOWN_GROUPS = "items20"  # the policy for claims, if the run has it


def open_run(path: str | Path) -> ServedModel:
    """The selected model of a finished run, with its data; ``UserError`` where run or data are not as they were."""
    run, cfg, problem = load_finished_run(path)
    with opening(run):
        scorer, _ = restore_scorer(cfg, problem, run, torch.device("cpu"))
    return to_served_model(run, cfg, problem, scorer)


@contextmanager
def opening(run: RunFolder) -> Iterator[None]:
    """What a damaged recipe or checkpoint raises, whatever it is, as one message that names the run."""
    try:
        yield
    except (UserError, MemoryError, OSError):
        raise
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, UserError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            raise UserError(str(cause)) from error
        reason = next((line for line in str(error).splitlines() if line.strip()), "")
        if run.is_older():
            raise UserError(
                f"run={run.path} is of an earlier version of ltgnn, and this one cannot make its model "
                f"({type(error).__name__}: {reason}). Train it again; tables and comparisons read it as it is."
            ) from error
        raise Damaged(
            f"run={run.path} cannot be opened: config.yaml and checkpoints do not make a model "
            f"({type(error).__name__}: {reason}). HYDRA_FULL_ERROR=1 shows where."
        ) from error


def load_finished_run(path: str | Path, cache: Cache = NO_CACHE) -> tuple[RunFolder, DictConfig, Problem]:
    """A finished run, its recipe and its data, checked to be those it was trained on.

    ``cache``: for several runs that share their data.
    """
    run = finished_run(path)
    with opening(run):
        cfg = run.config()
        refuse_lists(run, cfg)
        problem = build_problem(cfg, cache)
    refuse_other_data(run, cfg, problem)
    return run, cfg, problem


def to_served_model(run: RunFolder, cfg: DictConfig, problem: Problem, scorer: Scorer) -> ServedModel:
    """The answering model of a scorer and the data it was trained on."""
    dataset, policy = problem.dataset, SHOWN_GROUPS if SHOWN_GROUPS in problem.groups else next(iter(problem.groups))
    choices, metrics = dict(cfg.get("choices", {})), run.read_json("metrics.json")
    card: dict[str, Any] = {
        "run": run.path.name,
        "key": run.read_json("status.json").get("key"),
        "choices": choices,
        "data": dataset.name,
        "licence": dict(dataset.card).get("licence") or cfg.data.get("licence"),
        "features": features_in_words(run.read_json("features_card.json"), str(choices.get("features", ""))),
        "reads_features": uses_features(run.recipe(), metrics),
        "test": metrics.get("test", {}),
    }
    words = [str(choices.get(axis, "")) for axis in ("model", "fusion", "features")]
    name = f"{dataset.name}: {' '.join(word for word in words if word and word != 'none')}"
    catalogue = Catalogue(dataset.user_ids, dataset.item_ids, dataset.item_fields, dataset.item_numbers)
    recorded = bool(run.read_json("features_card.json"))

    def features() -> Tensor | None:
        if not recorded and problem.features is not None:
            log.warning("%s: no part of the run read item features; the items were encoded for this request", run.path)
        return problem.feature_matrix

    return ServedModel(
        name, scorer, catalogue, problem.split, problem.groups[policy], features, card, trained_with_features=recorded
    )

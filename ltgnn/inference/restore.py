"""Finished runs as parts of new ones: the trained module, and its item vectors as features."""

from __future__ import annotations

import logging
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import torch
from omegaconf import DictConfig
from torch import Tensor

from ltgnn.build import (
    Problem,
    adjust_scores,
    build_evaluators,
    build_module,
    build_problem,
    fit_closed_form,
    fitting_evaluator,
    is_closed_form,
)
from ltgnn.config.input_files import find_changed
from ltgnn.config.reads_features import uses_features
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.features.item_features import FeatureSource
from ltgnn.features.steps import apply_steps
from ltgnn.features.transform import Step
from ltgnn.runs.checksums import warn_if_changed
from ltgnn.runs.finished import finished_run
from ltgnn.runs.fitted_tables import read_tables
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import INPUTS, resolve_config
from ltgnn.types import Damaged, Dataset, Features, Scorer, UserError

if TYPE_CHECKING:
    from ltgnn.module import Recommender

log = logging.getLogger(__name__)


def load_module(cfg: DictConfig, problem: Problem, run: RunFolder, device: torch.device) -> Recommender:
    """The module of a run with the weights that were selected."""
    files = [run.path / "checkpoints" / name for name in ("best.ckpt", "last.ckpt")]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        if (source := run.config().get("run")) is not None:
            raise UserError(f"run={run.path} is an evaluation of the run {source}, which has the model: run={source}")
        raise UserError(f"run={run.path} has no checkpoint ({files[0]}): it was trained without callbacks.checkpoint")
    name = f"checkpoints/{file.name}"
    warn_if_changed(run.path, name)
    try:
        state = torch.load(file, map_location=device, weights_only=True)["state_dict"]
    except (RuntimeError, OSError, EOFError, UnpicklingError, LookupError, TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Damaged(f"{run.path}: {name} cannot be read as a checkpoint ({reason}). Train the run again.") from error
    module = build_module(cfg, problem).to(device)
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise UserError(f"{file} does not fit the recipe in {run.path}/config.yaml: {error}") from error
    if (kept := read_tables(run.path, problem.split.train)) is not None:
        for loss in module.losses.values():
            loss.take_fitted_scores(kept)
    return module.eval()


def restore_scorer(
    cfg: DictConfig, problem: Problem, run: RunFolder, device: torch.device | None = None, cache: Cache = NO_CACHE
) -> tuple[Scorer, torch.device]:
    """The run's selected model with the adjustments of ``cfg.score``; a closed form of which the run keeps no tables is
    computed again.

    ``device`` of a trained model; None: the GPU where there is one.
    """
    evaluators = build_evaluators(cfg, problem, cache)
    if is_closed_form(cfg):
        base = read_tables(run.path, problem.split.train) or fit_closed_form(cfg, problem, cache)
        return adjust_scores(cfg, problem, base, evaluators), torch.device("cpu")
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return load_module(cfg, problem, run, device).scorer(fitting_evaluator(cfg, evaluators)), device


def refuse_other_data(run: RunFolder, cfg: DictConfig, problem: Problem) -> None:
    """A model must not be evaluated on its training pairs, nor read texts or vectors other than its own.

    Data whose pairs are the same but not all else (item texts, times) are refused for a model that reads features, and
    told of for the others. ``cfg``: the run's recipe.
    """
    metrics, recorded = run.read_json("metrics.json"), run.read_json("status.json").get(INPUTS)
    known, split, recipe = metrics.get("fingerprint"), problem.split, resolve_config(cfg)
    differing = find_changed(recipe, recorded) if recorded else {}
    files = ", ".join(name for names in differing.values() for name in names)
    if known != split.fingerprint:
        raise UserError(
            f"run={run.path} was trained on the split {str(known)[:12]}, but its recipe now gives "
            f"{split.fingerprint[:12]}: the data files{f' ({files})' if files else ''} or the code of the split have "
            "changed. Train it again"
        )
    before, now = metrics.get("data_sha256"), problem.dataset.card.get("sha256")
    if before == now or (before is not None and recorded is not None and "data" not in differing):
        differing.pop("data", None)  # the same, or the same files of which another version made its digest
        before = now
    if not differing and before in (None, now):
        return
    what = f"files that it read have other contents now ({files})" if files else "item texts or times have changed"
    if uses_features(recipe):
        raise UserError(f"run={run.path}: {what}, and its model reads item features. Put them back or train again.")
    log.warning("run=%s: %s. The pairs that it was trained on are the same.", run.path, what)


class RunVectors(FeatureSource):
    """Final item vectors [I, d] of a finished run, such as a LightGCN's, for another model to build on.

    The run must have had the same items and the same train part: trained on other pairs, its vectors could know what is
    held out here.
    """

    def __init__(self, run: str, control: Step, transform: Step) -> None:
        self.run, self.control, self.transform = RunFolder(run), control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        finished_run(self.run.path, "features.run")
        cfg, status = self.run.config(), self.run.read_json("status.json")
        if is_closed_form(cfg):
            raise UserError(
                f"features.run={self.run.path} is a closed form and has no item vectors: give a trained model."
            )
        problem = build_problem(cfg)
        same = list(problem.dataset.item_ids) == list(dataset.item_ids)
        if not same or not torch.equal(problem.split.train.item_counts, counts):
            raise UserError(
                f"features.run={self.run.path} was trained on {problem.dataset.name}, {problem.split.name}; this run "
                "has other items or another train part, and the vectors may know held-out pairs. Set the same data and "
                "split."
            )
        with torch.no_grad():
            module = load_module(cfg, problem, self.run, torch.device("cpu"))
            vectors = module.encode_all().items.float().contiguous()
        card = {"key": status["key"], "run": str(self.run.path), "encoder": "trained run", "shape": list(vectors.shape)}
        what = f"vectors of {self.run.path}"
        return apply_steps(
            Features(vectors, card), counts, self.control, self.transform, what=what, items=dataset.item_ids
        )

"""Finished runs as parts of new ones: the trained module, and its item vectors as features."""

from __future__ import annotations

import logging
import pickle
from typing import TYPE_CHECKING

import torch
from omegaconf import DictConfig
from torch import Tensor

from ltgnn.build import Setting, build_module, build_setting, fit_closed_form, is_closed_form
from ltgnn.runs.folder import RunFolder
from ltgnn.text.features import applied
from ltgnn.text.transform import Step
from ltgnn.types import Damaged, Dataset, Features, Mistake, Scorer, Split

if TYPE_CHECKING:
    from ltgnn.module import Recommender

log = logging.getLogger(__name__)


def load(cfg: DictConfig, setting: Setting, run: RunFolder, device: torch.device) -> Recommender:
    """The module of a run with the weights that were selected."""
    files = [run.path / "checkpoints" / name for name in ("best.ckpt", "last.ckpt")]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise Mistake(f"run={run.path} has no checkpoint ({files[0]}): it was trained without callbacks.checkpoint")
    module = build_module(cfg, setting).to(device)
    try:
        state = torch.load(file, map_location=device, weights_only=True)["state_dict"]
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, TypeError, pickle.UnpicklingError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Damaged(f"{run.path}: checkpoints/{file.name} cannot be read as weights ({reason}).") from error
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise Mistake(f"{file} does not fit the recipe in {run.path}/config.yaml: {error}") from error
    return module.eval()


def restore(
    cfg: DictConfig, setting: Setting, run: RunFolder, device: torch.device | None = None
) -> tuple[Scorer, torch.device]:
    """The run's selected model with the dials of ``cfg.score``; a closed form is computed again.

    ``device`` of a trained model; None: the GPU where there is one.
    """
    if is_closed_form(cfg):
        return fit_closed_form(cfg, setting), torch.device("cpu")
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return load(cfg, setting, run, device).scorer(setting.evaluators.get("val")), device


def refuse_other_data(run: RunFolder, split: Split) -> None:
    """A model must not be judged on pairs that it was trained on."""
    known = run.read_json("metrics.json").get("fingerprint")
    if known != split.fingerprint:
        raise Mistake(
            f"run={run.path} was trained on the split {str(known)[:12]}, but its recipe now gives "
            f"{split.fingerprint[:12]}: the data files or the code of the split have changed. Train it again"
        )


class RunVectors:
    """Final item vectors [I, d] of a finished run, such as a LightGCN's, for another model to build on.

    The run must have had the same items and the same train part: trained on other pairs, its vectors could know what is
    held out here.
    """

    def __init__(self, run: str, control: Step, transform: Step) -> None:
        self.run, self.control, self.transform = RunFolder(run), control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        if self.run.read_json("status.json").get("state") != "finished":
            raise Mistake(f"text.run={self.run.path} is no finished run: give the folder of one (see `ltgnn table`).")
        cfg, status = self.run.config(), self.run.read_json("status.json")
        if is_closed_form(cfg):
            raise Mistake(f"text.run={self.run.path} is a closed form and has no item vectors: give a trained model.")
        setting = build_setting(cfg)
        same = list(setting.dataset.item_ids) == list(dataset.item_ids)
        if not same or not torch.equal(setting.split.train.item_counts, counts):
            raise Mistake(
                f"text.run={self.run.path} was trained on {setting.dataset.name}, {setting.split.name}; this run has "
                "other items or another train part, and the vectors may know held-out pairs. Set the same data and "
                "split."
            )
        with torch.no_grad():
            module = load(cfg, setting, self.run, torch.device("cpu"))
            vectors = module.encoded().items.float().contiguous()
        card = {"key": status["key"], "run": str(self.run.path), "encoder": "trained run", "shape": list(vectors.shape)}
        return applied(Features(vectors, card), counts, self.control, self.transform)

"""A finished run evaluated again, without training: the yaml tree of its recipe, and the job over it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from ltgnn.config.paths import conf_dir
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.experiment.launching import run_one
from ltgnn.experiment.option_words import folder_word
from ltgnn.experiment.run_log import run_log
from ltgnn.runs.finished import finished_run, refuse_lists

OWN = ("paths", "logger", "sweep")
"""Groups of the run for paths and output: not taken over."""

SWEEPING = (("sweeper", "grid"), ("launcher", "local"))
"""Hydra's own groups, as in ``conf/evaluate.yaml``."""


def evaluate_again(run: Path, words: Sequence[str], progress: bool) -> Path:
    """The folder of ``ltgnn evaluate run=RUN WORDS``, where it has run."""
    with tempfile.TemporaryDirectory(prefix="ltgnn-evaluate-") as folder:
        write_recipe(run, Path(folder))
        named = [f"run={folder_word(run)}", *words]
        return run_one("evaluate", logged_evaluate_job, named, progress, Path(folder))


def logged_evaluate_job(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """The job of ``ltgnn evaluate`` with ``run.log``, which the command leaves to Hydra."""
    from ltgnn.experiment.evaluation_job import evaluate_job

    with run_log():
        return evaluate_job(cfg, cache)


def write_recipe(run: Path, folder: Path) -> None:
    """A Hydra tree in ``folder`` in which every group has the option ``run``: the configuration of the run."""
    finished = finished_run(run)
    saved = finished.config()
    refuse_lists(finished, saved)
    groups = [str(key) for key in saved if OmegaConf.is_dict(saved[key]) and key not in (*OWN, "choices")]
    for group in groups:
        (folder / group).mkdir()
        OmegaConf.save(saved[group], folder / group / "run.yaml")
    root = OmegaConf.load(conf_dir() / "evaluate.yaml")
    scalars = {key: saved[key] for key in saved if not OmegaConf.is_dict(saved[key]) and key not in ("task", "tags")}
    root = OmegaConf.merge(
        scalars, {k: v for k, v in root.items_ex(resolve=False) if k not in ("callbacks", "trainer", "seed")}
    )
    sweeping = [{"sweep": "none"}, "_self_", *({f"override hydra/{part}": word} for part, word in SWEEPING)]
    root.defaults = [{"paths": "default"}, *({group: "run"} for group in groups), *sweeping]
    root.hydra.searchpath = [f"file://{conf_dir()}"]
    OmegaConf.save(root, folder / "evaluate.yaml")

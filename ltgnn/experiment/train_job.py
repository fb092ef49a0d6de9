"""Jobs of training as Hydra calls them, for the command and for Python."""

from __future__ import annotations

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict

from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.experiment.run_log import run_log


def train_job(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """Trains and evaluates one configuration, unless its folder holds the finished run; the monitored value.

    ``cache``: of the sweep.
    """
    from ltgnn.data.fetch import fetch_unpublished  # what trains comes late: a config that is refused need not wait
    from ltgnn.runs.existing_run import finished_metrics
    from ltgnn.runs.pinned_recipes import reject_changed_recipe
    from ltgnn.runs.run_key import resolve_config
    from ltgnn.training.loop import headline, train

    hydra = HydraConfig.get()
    with open_dict(cfg):
        cfg.choices = {
            group: choice for group, choice in hydra.runtime.choices.items() if not group.startswith("hydra/")
        }
    reject_changed_recipe(cfg.get("closed") or {}, cfg.choices)
    fetch_unpublished(resolve_config(cfg)["data"])
    part, _, name = str(cfg.monitor).partition("/")
    before = finished_metrics(Path(cfg.paths.run_dir), cfg)
    if before is not None:
        value: float | None = before.get(part, {}).get(name)
        return value
    return headline(train(cfg, hydra.overrides.task, cache), str(cfg.monitor))


def logged_train_job(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """The same with ``run.log``, which the command leaves to Hydra."""
    with run_log():
        return train_job(cfg, cache)


def quiet_train_job(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """The same without a bar over the epochs."""
    with open_dict(cfg):
        cfg.sweep.running = True
    return logged_train_job(cfg, cache)

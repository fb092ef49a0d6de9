"""Train and evaluate one configuration, or a sweep of them: ``ltgnn train``."""

from __future__ import annotations

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from ltgnn.config.hydra_entry import hydra_entry
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.experiment.train_job import train_job


def task(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """What Hydra calls for each job, a sweep with its cache; returns the monitored value."""
    value = train_job(cfg, cache)
    if HydraConfig.get().mode != RunMode.MULTIRUN:  # a sweep ends with one table of all
        from ltgnn.analysis.table import show

        show([Path(cfg.paths.run_dir)])
    return value


main = hydra_entry("train", task)


if __name__ == "__main__":
    raise SystemExit(main())

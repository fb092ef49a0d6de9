"""Train and evaluate one configuration, or a sweep of them: ``ltgnn train``."""

from __future__ import annotations

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, open_dict

from ltgnn.config.hydra_entry import hydra_entry
from ltgnn.config.sweep_cache import NO_CACHE, Cache


def task(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """What Hydra calls for each job, a sweep with its cache; returns the monitored value."""
    from ltgnn.analysis.table import show  # what trains comes late: a config that is refused does not wait for it
    from ltgnn.data.fetch import fetch_unpublished
    from ltgnn.runs.existing_run import finished_metrics
    from ltgnn.runs.pinned_recipes import reject_changed_recipe
    from ltgnn.runs.run_key import plain
    from ltgnn.training.loop import headline, train

    hydra = HydraConfig.get()
    with open_dict(cfg):
        cfg.choices = {
            group: choice for group, choice in hydra.runtime.choices.items() if not group.startswith("hydra/")
        }
    reject_changed_recipe(cfg.get("closed") or {}, cfg.choices)
    fetch_unpublished(plain(cfg)["data"])
    part, _, name = str(cfg.monitor).partition("/")
    before = finished_metrics(Path(cfg.paths.run_dir), cfg)
    if before is None:
        value = headline(train(cfg, hydra.overrides.task, cache), str(cfg.monitor))
    else:
        value = before.get(part, {}).get(name)
    if hydra.mode != RunMode.MULTIRUN:  # a sweep ends with one table of all
        show([Path(cfg.paths.run_dir)])
    return value


main = hydra_entry("train", task)


if __name__ == "__main__":
    raise SystemExit(main())

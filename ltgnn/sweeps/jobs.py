"""A job of a sweep: its overrides, composed once, and its run key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from ltgnn.data.fetch import obtain_unpublished
from ltgnn.runs.run_key import key_of, plain
from ltgnn.sweeps.composing import Composer


@dataclass(frozen=True)
class Job:
    """What a launcher needs to run it, in this process or another."""

    number: int
    overrides: tuple[str, ...]
    key: str
    sweep_dir: Path
    name: str  # of its folder, unless the ledger knows another
    config: DictConfig  # with the node `hydra`
    label: str = ""  # what tells it from the others: the overrides that differ


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    ``state``: finished, skipped (had finished before), failed, pruned, busy (another process has it), interrupted.
    """

    state: str
    folder: Path
    error: str = ""
    seconds: float = 0.0
    notes: Mapping[str, Any] = field(default_factory=dict)


def compose(composer: Composer, overrides: Sequence[str], number: int, sweep: Mapping[str, Any]) -> Job:
    """The job of ``overrides``; ``sweep`` are keys of the group ``sweep`` to set in it (they are in no run key)."""
    sweep_dir = Path(composer.master.hydra.sweep.dir).resolve()
    config = composer(overrides)
    with read_write(config.hydra), open_dict(config):
        config.hydra.job.id, config.hydra.job.num = str(number), number
        config.hydra.sweep.dir = str(sweep_dir)
        for name, value in sweep.items():
            OmegaConf.update(config, f"sweep.{name}", value, force_add=True)
    before = HydraConfig.instance().cfg
    try:
        HydraConfig.instance().set_config(config)
        name = str(config.hydra.sweep.subdir)
        settle(config, sweep_dir / name)
        recipe = resolved(config)
        if (data := json.dumps(recipe.get("data") or {})) not in composer.asked_for:
            composer.asked_for.add(data)  # a source that is down is asked once a sweep
            with suppress(Exception):  # the job itself will fail of it, and the others go on
                obtain_unpublished(json.loads(data))
        key = key_of(recipe)
    finally:
        HydraConfig.instance().cfg = before
    return Job(number, tuple(overrides), key, sweep_dir, name, config)


def resolved(config: DictConfig) -> dict[str, Any]:
    """The recipe of a composed job as plain values, without the node ``hydra``."""
    return {str(k): plain(v) if OmegaConf.is_config(v) else v for k, v in config.items() if k != "hydra"}


def settle(config: DictConfig, folder: Path) -> None:
    """Make ``folder`` the run folder of a composed job."""
    with read_write(config.hydra), open_dict(config):
        config.hydra.sweep.dir, config.hydra.sweep.subdir = str(folder.parent), folder.name
        config.hydra.runtime.output_dir = str(folder)
    HydraConfig.instance().set_config(config)


def labelled(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, each once, with the overrides that are not those of all as their labels."""
    once = {job.key: job for job in reversed(jobs)}
    common = set.intersection(*(set(job.overrides) for job in jobs)) if len(once) > 1 else set()
    kept = sorted(once.values(), key=lambda job: job.number)
    return [replace(job, label=" ".join(word for word in job.overrides if word not in common)) for job in kept]

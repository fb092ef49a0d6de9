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

from ltgnn.config.check import wrong_values
from ltgnn.data.fetch import fetch_unpublished
from ltgnn.runs.run_key import key_of, resolve_config
from ltgnn.sweeps.composing import Composer
from ltgnn.types import UserError


@dataclass(frozen=True)
class Job:
    """What a launcher needs to run it, in this process or another."""

    number: int
    overrides: tuple[str, ...]
    key: str
    sweep_dir: Path
    name: str  # of its folder, unless the ledger knows another
    config: DictConfig  # with the node `hydra`
    label: str = ""  # what distinguishes it: the overrides that differ


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


@dataclass(frozen=True)
class Draft:
    """A job whose data may not be here yet, so that its run key is not known."""

    job: Job
    recipe: Mapping[str, Any]  # resolved


def compose(composer: Composer, overrides: Sequence[str], number: int, sweep: Mapping[str, Any]) -> Draft:
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
        assign_folder(config, sweep_dir / name)
        recipe = resolve(config)
    finally:
        HydraConfig.instance().cfg = before
    return Draft(Job(number, tuple(overrides), "", sweep_dir, name, config), recipe)


def keyed(draft: Draft, asked_for: set[str]) -> Job:
    """The job with its run key, for which its data are obtained; ``asked_for``: data that were asked for before."""
    if (data := json.dumps(draft.recipe.get("data") or {})) not in asked_for:
        asked_for.add(data)  # a source that is down is asked once a sweep
        with suppress(Exception):  # the job itself will fail of it, and the others continue
            fetch_unpublished(json.loads(data))
    return replace(draft.job, key=key_of(draft.recipe))


def refuse_wrong_jobs(drafts: Sequence[Draft], root: str) -> None:
    """``UserError`` that names each wrong value of any job once, and the first job that has it."""
    found: dict[str, Job] = {}
    for draft in drafts:
        config = draft.job.config
        for line in wrong_values(config, draft.recipe, root, dict(config.hydra.runtime.choices)):
            found.setdefault(line, draft.job)
    if found:
        several = len(drafts) > 1
        raise UserError(
            "\n".join(
                f"{line} (job {job.number}: {' '.join(job.overrides)})" if several else line
                for line, job in found.items()
            )
        )


def resolve(config: DictConfig) -> dict[str, Any]:
    """The recipe of a composed job as plain values, without the node ``hydra``."""
    return {str(k): resolve_config(v) if OmegaConf.is_config(v) else v for k, v in config.items() if k != "hydra"}


def assign_folder(config: DictConfig, folder: Path) -> None:
    """Make ``folder`` the run folder of a composed job."""
    with read_write(config.hydra), open_dict(config):
        config.hydra.sweep.dir, config.hydra.sweep.subdir = str(folder.parent), folder.name
        config.hydra.runtime.output_dir = str(folder)
    HydraConfig.instance().set_config(config)


def label_jobs(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, each once, with the overrides that are not those of all as their labels."""
    distinct = {job.key: job for job in reversed(jobs)}
    common = set.intersection(*(set(job.overrides) for job in jobs)) if len(distinct) > 1 else set()
    kept = sorted(distinct.values(), key=lambda job: job.number)
    return [replace(job, label=" ".join(word for word in job.overrides if word not in common)) for job in kept]

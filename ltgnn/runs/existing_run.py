"""A finished run started again in its folder: kept, rejected for another recipe, or its results moved aside."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ltgnn.io import bounded_read
from ltgnn.runs.difference import differences, in_words
from ltgnn.runs.run_key import key_of, resolve_config
from ltgnn.types import UserError

LOG = "run.log"

log = logging.getLogger(__name__)

ASKED = "asked"
"""Where status.json has the key of the recipe that was asked for, if what ran has more in it (fitted weights)."""


def finished_metrics(folder: Path, cfg: DictConfig) -> dict[str, Any] | None:
    """The metrics of the run in ``folder`` where it has finished with this recipe and these data; else None."""
    status = bounded_read.read_json(folder, "status.json") or {}
    config = resolve_config(cfg)
    if (
        status.get("state") != "finished"
        or status.get(ASKED, status.get("key")) != key_of(config)
        or starts_anew(config)
    ):
        return None
    log.warning(
        "%s has finished with this recipe and these data: nothing is run. To run it again: %s.", folder, _ways(config)
    )
    return bounded_read.read_json(folder, "metrics.json") or {}


def make_way(folder: Path, config: Mapping[str, Any]) -> None:
    """``UserError`` where the folder holds the results of a finished run, which ``config`` (resolved) would overwrite.

    With ``sweep.resume=false`` they are moved into a sibling folder instead.
    """
    if (bounded_read.read_json(folder, "status.json") or {}).get("state") != "finished":
        return
    if starts_anew(config):
        log.warning("%s starts from scratch; its earlier results are in %s", folder, _moved_aside(folder))
        return
    found = differences(folder, config)
    what = f"of another recipe or of other data ({in_words(found)})" if found else "of this recipe"
    raise UserError(
        f"paths.run_dir={folder} holds a finished run {what}. Its results are kept and nothing was run. To run: "
        f"{_ways(config)}."
    )


def starts_anew(config: Mapping[str, Any]) -> bool:
    return (config.get("sweep") or {}).get("resume") is False


def _ways(config: Mapping[str, Any]) -> str:
    resume = " or sweep.resume=false, which moves the earlier results aside" if "sweep" in config else ""
    return f"give another paths.run_dir{resume}"


def _moved_aside(folder: Path) -> Path:
    """All of a run but the log that this process writes, in ``FOLDER.before-1``, ``-2`` ..."""
    numbers = (folder.with_name(f"{folder.name}.before-{number}") for number in itertools.count(1))
    aside = next(place for place in numbers if not place.exists())
    aside.mkdir()
    for path in folder.iterdir():
        if path.name != LOG:
            path.rename(aside / path.name)
    return aside

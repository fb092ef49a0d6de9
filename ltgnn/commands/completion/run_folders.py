"""Folders on disk: of runs, of sweeps, and others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

MOST = 200
"""Runs that are offered at once: the newest."""


def run_folders(typed: str, sweeps: bool) -> Iterator[str]:
    """Runs below ``logs`` (or LTGNN_LOGS), and the folders in what is typed so far. ``sweeps``: those of sweeps too."""
    yield from folders(typed)
    logs = Path(os.environ.get("LTGNN_LOGS") or "logs")
    if typed and not str(logs).startswith(typed) and not typed.startswith(str(logs)):
        return
    runs = [*logs.glob("*/runs/*"), *logs.glob("*/multiruns/*/*"), *(logs.glob("*/multiruns/*") if sweeps else ())]
    fitting = [run for run in runs if (run / "status.json").is_file() or (run / ".sweep").is_dir()]
    yield from (str(run) for run in sorted(fitting, key=lambda run: run.name, reverse=True)[:MOST])


def folders(typed: str, files: bool = False) -> Iterator[str]:
    """The folders in the folder that is typed so far, each with a ``/``; a run without. ``files``: those as well."""
    place, sign, _ = typed.rpartition("/")
    try:
        entries = sorted(os.scandir(os.path.expanduser(place + sign) or "."), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield f"{place}{sign}{entry.name}" + ("" if os.path.isfile(f"{entry.path}/status.json") else "/")
        elif files:
            yield f"{place}{sign}{entry.name}"

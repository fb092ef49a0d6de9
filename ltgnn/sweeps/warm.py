"""Finished runs that a search may learn from before its first trial."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ltgnn.runs.folder import RunFolder
from ltgnn.types import Mistake


def finished_runs(folders: Sequence[Path]) -> list[tuple[Path, dict[str, Any]]]:
    """(folder, resolved config) of every finished run at or below ``folders``, by name."""
    found = []
    for top in folders:
        if not top.is_dir():
            raise Mistake(f"hydra.sweeper.warm_start: no folder {top}; wanted folders of runs or of sweeps")
        for file in sorted(top.glob("**/status.json")):
            run = RunFolder(file.parent)
            if run.read_json("status.json").get("state") == "finished":
                config: dict[str, Any] = OmegaConf.to_container(run.config())  # type: ignore[assignment]
                found.append((file.parent, config))
    return found

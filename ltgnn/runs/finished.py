"""A finished run by its folder, or why it is not one: the one question and answer of all that open runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltgnn.runs.folder import RunFolder
from ltgnn.types import UserError


def finished_run(folder: str | Path, option: str = "run") -> RunFolder:
    """The run in ``folder``; ``UserError`` where it is not there or has not finished.

    ``option``: where the folder was given, for the message.
    """
    run = RunFolder(folder)
    state = run.read_json("status.json").get("state")
    if state is None:
        raise UserError(f"{option}={folder} is not a run folder: it has no status.json. `ltgnn table` lists runs.")
    if state != "finished":
        raise UserError(f"{option}={folder} is {state}, wanted a finished run: train it again.")
    return run


def refuse_lists(run: RunFolder, recipe: Mapping[Any, Any]) -> None:
    """Raises ``UserError`` where a run has no model, since it is an evaluation of lists of another library."""
    if recipe.get("lists") is not None:
        raise UserError(f"run={run.path} has no model: it is an evaluation of the lists in {recipe['lists']}.")

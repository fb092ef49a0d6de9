"""What a run is called in W&B: its name, tags, group and config, made from the run's own config."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ltgnn.config.reads_features import uses_features
from ltgnn.runs.environment import commit
from ltgnn.types import UserError

AXES = ("data", "model", "fusion", "loss", "features")
"""Config groups whose options are tags."""

LONGEST_TAG = 64
"""Characters of a tag; the server refuses a run with a longer one."""

LONGEST_NAME = 128
"""Characters of a name."""

CODE = "ltgnn"
"""Key of the config with version and commit; also tells that epochs are counted from 1."""


def run_name(fields: str | Sequence[str] | None, config: Mapping[str, Any], folder: Path) -> str:
    """``[model, loss, lr]`` -> ``lightgcn bpr lr=0.001``; text as it is; None: the name of the folder.

    A field is a config group, shown by its option, or a key of the config, shown as ``key=value``. Groups that the run
    does not use are left out: fusion and loss of a closed form, features that nothing reads.
    """
    if fields is None:
        return folder.name
    if isinstance(fields, str):
        return fields[:LONGEST_NAME]
    found = [text for field in fields if (text := format_field(field, config))]
    return " ".join(found)[:LONGEST_NAME] or folder.name


def format_field(field: str, config: Mapping[str, Any]) -> str:
    if field in config["choices"]:
        return "" if field in unused(config) else str(config["choices"][field] or "")
    value: Any = config
    for key in field.split("."):
        if not isinstance(value, Mapping) or key not in value:
            known = [*config["choices"], *(key for key, inner in config.items() if not isinstance(inner, Mapping))]
            near = difflib.get_close_matches(field, known, 3, 0.5)
            hint = f"Did you mean {', '.join(near)}? " if near else ""
            raise UserError(
                f"logger.name: unknown field '{field}'. {hint}Wanted config groups and keys of the config, "
                "such as [model,loss,lr,loss.ranking.temperature]."
            )
        value = value[key]
    return f"{field.rpartition('.')[2]}={value}"


def unused(config: Mapping[str, Any]) -> set[str]:
    """Config groups whose option does not matter to this run."""
    closed = "closed_form" in (config.get("model") or {})
    found = {"fusion", "loss"} if closed else set()
    return found if uses_features(config) else found | {"features"}


def run_tags(config: Mapping[str, Any]) -> list[str]:
    """The tags of the run and ``group:option`` of the groups it uses; each once, cut to what W&B takes."""
    choices = config["choices"]
    made = [f"{axis}:{choices[axis]}" for axis in AXES if axis in choices and axis not in unused(config)]
    return drop_doubles(shortened for tag in [*config["tags"], *made] if (shortened := str(tag).strip()[:LONGEST_TAG]))


def drop_doubles(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def run_group(given: str | None, config: Mapping[str, Any], folder: Path) -> str | None:
    """``given``, else the name of the sweep that the run belongs to; None for a single run."""
    return given or (folder.parent.name if (config.get("sweep") or {}).get("running") else None)


def columns(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config as W&B filters it: root knobs, a column per config group with its option; the rest in ``recipe``."""
    knobs = {key: value for key, value in config.items() if not isinstance(value, dict)}
    groups = {key: value for key, value in config.items() if isinstance(value, dict) and key != "choices"}
    code = {"version": version("ltgnn"), "commit": commit(), "first_epoch": 1}
    return knobs | dict(config["choices"]) | {"recipe": groups, CODE: code}

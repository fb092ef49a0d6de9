"""How a recipe differs from the one that a run folder holds: keys, and files with other contents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ltgnn.io import bounded_read
from ltgnn.runs.run_key import INPUTS, placeless, recipe_inputs
from ltgnn.types import Damaged

SHOWN = 6
"""Differences that a message lists."""


def differences(folder: Path, config: Mapping[str, Any]) -> list[str]:
    """Differences of ``config`` (resolved) from the recipe of the run in ``folder``, as text.

    Empty where nothing is known.
    """
    try:
        before, status = bounded_read.read_recipe(folder), bounded_read.read_json(folder, "status.json") or {}
    except Damaged as damaged:
        return [str(damaged)]
    old, new = dict(_leaves(placeless(before))), dict(_leaves(placeless(config)))
    found = [
        f"{key} is {new.get(key, 'absent')}, was {old.get(key, 'absent')}"
        for key in {**old, **new}
        if old.get(key, "absent") != new.get(key, "absent")
    ]
    now, recorded = recipe_inputs(config), status.get(INPUTS)
    if recorded is None:
        return [*found, "the run was made before the contents of its files were recorded"] if now else found
    for section in {**recorded, **now}:
        was, there = recorded.get(section, {}), now.get(section, {})
        found += [
            f"{section}: {name} has other contents" for name in {**was, **there} if was.get(name) != there.get(name)
        ]
    return found


def in_words(found: list[str]) -> str:
    """The first of them in one line."""
    more = len(found) - SHOWN
    return "; ".join(found[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, str(value)

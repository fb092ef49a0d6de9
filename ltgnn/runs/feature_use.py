"""Which stored features the runs of some folders read, by the cards that they recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ltgnn.runs.folder import RunFolder
from ltgnn.runs.reading import find
from ltgnn.types import Damaged


def runs_by_mark(places: Iterable[Path], marks: Callable[[Mapping[str, Any]], Iterable[str]]) -> dict[str, list[str]]:
    """Mark -> the runs below ``places`` whose features have it, each with its word: ``NAME (features=minilm)``.

    ``marks``: what a card names (``ltgnn.features.store_use.uses``). A run without a card that can be read is not known
    to read anything.
    """
    found: dict[str, list[str]] = {}
    for folder in find(places):
        run = RunFolder(folder)
        try:
            card = run.read_json("features_card.json")
        except Damaged:
            continue
        name = f"{folder.name} (features={word})" if (word := _word(run)) else folder.name
        for mark in sorted(set(marks(card))) if card else ():
            found.setdefault(mark, []).append(name)
    return found


def _word(run: RunFolder) -> str:
    """The option of ``features=``; empty where the recipe does not say."""
    try:
        return str((run.recipe().get("choices") or {}).get("features", ""))
    except Damaged:
        return ""

"""The mappings of a config or a recipe, at any depth: the one walk that all checks of nodes share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def nodes(value: Any, key: str = "") -> Iterator[tuple[str, dict[Any, Any]]]:
    """(key, mapping) of ``value`` and of every mapping below it, in lists too: ``score.adjustments[0].weight``."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from nodes(one, f"{key}[{number}]")
    elif isinstance(value, dict):
        yield key, value
        for name, one in value.items():
            yield from nodes(one, f"{key}.{name}".lstrip("."))

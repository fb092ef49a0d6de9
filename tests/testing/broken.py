"""The list of broken parts: what each is called, its case, how it is made, and the laws that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Broken(NamedTuple):
    """A part that breaks some laws of its case."""

    name: str
    case: type
    make: Callable[..., Any]
    laws: tuple[str, ...]  # methods of the case, less their "test_"
    members: dict[str, Any]  # of the case, beside ``make``


PARTS: list[Broken] = []


def breaks(case: type, *laws: str, **members: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator of a function that makes a broken part, as ``make`` of the case does."""

    def add(make: Callable[..., Any]) -> Callable[..., Any]:
        PARTS.append(Broken(make.__name__, case, make, laws, members))
        return make

    return add

"""What a serving rule is: one of five protocols, by the methods it has; a class that is none of them is refused."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, get_args, runtime_checkable

from torch import Tensor

from ltgnn.types import Mistake

if TYPE_CHECKING:
    from ltgnn.inference.served_model import Served


@runtime_checkable
class ItemFilter(Protocol):
    """Which items may be listed at all."""

    def allowed(self, served: Served) -> Tensor:
        """[I] bool"""
        ...


@runtime_checkable
class UserFilter(Protocol):
    """Which items one user is not shown."""

    def hidden(self, served: Served, user: int) -> Tensor:
        """Item numbers [n] that this user (-1: unknown) is not shown."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Another order of the ``depth`` best candidates."""

    depth: int

    def order(self, served: Served, items: Tensor, scores: Tensor, user: int, k: int) -> Tensor:
        """Candidates [n] best first, their scores [n] -> places [min(k, n)] in the order of choice."""
        ...


@runtime_checkable
class Limit(Protocol):
    """At most ``most`` items of each kind on a list."""

    most: int

    def kinds(self, served: Served) -> Tensor:
        """Number of each item's kind [I], -1 for none."""
        ...


@runtime_checkable
class Share(Protocol):
    """At least so many of some items on every list."""

    def members(self, served: Served) -> Tensor:
        """[I] bool"""
        ...

    def least(self, k: int) -> int:
        """How many of them a list of length ``k`` has at least."""
        ...


Rule = ItemFilter | UserFilter | Reranker | Limit | Share
PARTS: Mapping[str, tuple[str, ...]] = {
    "ItemFilter": ("allowed",),
    "UserFilter": ("hidden",),
    "Reranker": ("order", "depth"),
    "Limit": ("kinds", "most"),
    "Share": ("members", "least"),
}
VALUES = ("depth", "most")
"""Parts that are numbers; the others are methods."""


def check(name: str, rule: object) -> None:
    """``Mistake`` where ``rule``, called ``name``, is none of the five, or has only a part of one."""
    kind = type(rule).__name__
    for protocol, parts in PARTS.items():
        if not hasattr(rule, parts[0]):
            continue
        if absent := [part for part in parts if not hasattr(rule, part)]:
            raise Mistake(
                f"rules: {name} ({kind}) has {parts[0]}, but not {absent[0]}{_near(rule, absent[0])}; a {protocol} of "
                f"ltgnn.inference.rule needs {' and '.join(parts)}."
            )
        for part in parts:
            value = getattr(rule, part)
            if part in VALUES and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise Mistake(f"rules: {name} ({kind}) has {part}={value!r}; a whole number of at least 1 wanted.")
            if part not in VALUES and not callable(value):
                raise Mistake(f"rules: {name} ({kind}) has {part}={value!r}; a method wanted.")
    if isinstance(rule, type) or not isinstance(rule, get_args(Rule)):
        methods = ", ".join(" with ".join(parts) for parts in PARTS.values())
        raise Mistake(
            f"rules: {name} ({kind if not isinstance(rule, type) else f'the class {rule.__name__}, not an object'}) is "
            f"not a rule; an object with one of these methods wanted: {methods}{_near(rule)}. They are described in "
            "ltgnn.inference.rule."
        )


def _near(rule: object, part: str | None = None) -> str:
    """A hint where a public name of the object is near to what is wanted."""
    wanted = [part] if part else [part for parts in PARTS.values() for part in parts]
    names = [name for name in dir(rule) if not name.startswith("_") and name not in dir(dict)]
    found = [(name, near[0]) for name in names if (near := difflib.get_close_matches(name, wanted, n=1, cutoff=0.7))]
    return f" (it has '{found[0][0]}': is '{found[0][1]}' meant?)" if found else ""

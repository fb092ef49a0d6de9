"""What a serving rule is: one of five protocols, by the methods it has; a class that is none of them is refused."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Protocol, get_args, runtime_checkable

from torch import Tensor

from ltgnn.inference.catalogue import Catalogue
from ltgnn.types import Groups, Split, UserError


class RuleContext(Protocol):
    """What a rule may read of the model whose lists it changes; ``ltgnn.inference.served_model.ServedModel`` is one."""

    @property
    def num_items(self) -> int: ...

    @property
    def catalogue(self) -> Catalogue:
        """Ids and columns of the items."""
        ...

    @property
    def split(self) -> Split: ...

    @property
    def groups(self) -> Groups: ...

    @property
    def features(self) -> Tensor | None:
        """Item features [I, D]"""
        ...

    @property
    def bought(self) -> tuple[Tensor, Tensor]:
        """CSR by user of the items of all of each user's pairs, held out or not: offsets [U + 1], items [n]."""
        ...

    @property
    def scorable(self) -> Tensor:
        """Items that can be recommended at all.  [I] bool"""
        ...


@runtime_checkable
class ItemFilter(Protocol):
    """Which items may be listed at all."""

    def allowed(self, context: RuleContext, /) -> Tensor:
        """[I] bool"""
        ...


@runtime_checkable
class UserFilter(Protocol):
    """Which items one user is not shown."""

    def hidden(self, context: RuleContext, user: int, /) -> Tensor:
        """Item numbers [n] that this user (-1: unknown) is not shown."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Another order of the ``depth`` best candidates."""

    depth: int

    def order(self, context: RuleContext, items: Tensor, scores: Tensor, user: int, k: int, /) -> Tensor:
        """Candidates [n] best first, their scores [n] -> places [min(k, n)] in the order of choice."""
        ...


@runtime_checkable
class CategoryCap(Protocol):
    """At most ``most`` items of each kind on a list."""

    most: int

    def kinds(self, context: RuleContext, /) -> Tensor:
        """Number of each item's kind [I], -1 for none."""
        ...


@runtime_checkable
class MinimumShare(Protocol):
    """At least ``least(k)`` of some items on every list of length ``k``."""

    def members(self, context: RuleContext, /) -> Tensor:
        """[I] bool"""
        ...

    def least(self, k: int) -> int:
        """How many of them a list of length ``k`` has at least."""
        ...


Rule = ItemFilter | UserFilter | Reranker | CategoryCap | MinimumShare
PARTS: Mapping[str, tuple[str, ...]] = {
    "ItemFilter": ("allowed",),
    "UserFilter": ("hidden",),
    "Reranker": ("order", "depth"),
    "CategoryCap": ("kinds", "most"),
    "MinimumShare": ("members", "least"),
}
VALUES = ("depth", "most")
"""Parts that are numbers; the others are methods."""


def check(name: str, rule: object) -> None:
    """``UserError`` where ``rule``, called ``name``, is not one of the five, or has only a part of one."""
    kind = type(rule).__name__
    for protocol, parts in PARTS.items():
        if not hasattr(rule, parts[0]):
            continue
        if absent := [part for part in parts if not hasattr(rule, part)]:
            raise UserError(
                f"rules: {name} ({kind}) has {parts[0]}, but not {absent[0]}{suggest(rule, absent[0])}; a {protocol} "
                f"of ltgnn.inference.rule needs {' and '.join(parts)}."
            )
        for part in parts:
            value = getattr(rule, part)
            if part in VALUES and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise UserError(f"rules: {name} ({kind}) has {part}={value!r}; expected a whole number of at least 1.")
            if part not in VALUES and not callable(value):
                raise UserError(f"rules: {name} ({kind}) has {part}={value!r}; a method wanted.")
    if isinstance(rule, type) or not isinstance(rule, get_args(Rule)):
        methods = ", ".join(" with ".join(parts) for parts in PARTS.values())
        raise UserError(
            f"rules: {name} ({kind if not isinstance(rule, type) else f'the class {rule.__name__}, not an object'}) is "
            f"not a rule; an object with one of these methods wanted: {methods}{suggest(rule)}. They are described in "
            "ltgnn.inference.rule."
        )


def suggest(rule: object, part: str | None = None) -> str:
    """A hint where a public name of the object resembles the required one."""
    wanted = [part] if part else [part for parts in PARTS.values() for part in parts]
    names = [name for name in dir(rule) if not name.startswith("_") and name not in dir(dict)]
    found = [(name, near[0]) for name in names if (near := difflib.get_close_matches(name, wanted, n=1, cutoff=0.7))]
    return f" (it has '{found[0][0]}': is '{found[0][1]}' meant?)" if found else ""

"""Arguments of a function against its annotations, refused as values of a configuration are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ltgnn.config.parameters import of_callable
from ltgnn.config.refusals import refusals
from ltgnn.types import UserError


def refuse_wrong_arguments(function: Callable[..., Any], **arguments: Any) -> None:
    """``UserError`` that names every argument that is not of the type and bounds of its annotation.

    Examples:
        >>> def draw(level: float, draws: int) -> None: ...
        >>> refuse_wrong_arguments(draw, level=0.95, draws="many")
        Traceback (most recent call last):
        ltgnn.types.UserError: draws=many given, a whole number wanted.
    """
    known = of_callable(function).known
    found = [str(one) for name, value in arguments.items() for one in refusals(known[name], name, value)]
    if found:
        raise UserError("\n".join(found))

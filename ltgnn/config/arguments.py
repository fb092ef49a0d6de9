"""Command lines of the form ``KEY=VALUE ...`` that need no sweep: parsed, checked; rules composed from their yaml."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from ltgnn.types import UserError

TRUST = """
  trust=PACKAGE  the recipe of run=DIR may name classes of this package of
                 yours; for all commands: LTGNN_TRUST"""
"""The line about the option that every command with run=DIR has."""


def parse(
    argv: Sequence[str],
    known: Mapping[str, str | None],
    usage: str,
    positional: str | None = None,
    prefix: str | tuple[str, ...] = "-",
) -> tuple[dict[str, str], list[str]] | None:
    """Values by key, and the arguments that start with a ``prefix.`` or ``prefix=`` unchanged; None: help was shown.

    ``known``: key -> its default; None: it has to be given. ``positional``: the key of an argument without ``=``.
    """
    if not argv or any(word in ("-h", "--help") for word in argv):
        print(usage + (TRUST if "run" in known else ""))
        return None
    values: dict[str, str] = {}
    others: list[str] = []
    prefixes = (prefix,) if isinstance(prefix, str) else prefix
    for word in argv:
        key, equals, value = word.partition("=")
        if key in known and equals:
            values[key] = value
        elif key.lstrip("+~").split(".")[0].split("@")[0] in prefixes and equals:
            others.append(word)
        elif positional is not None and positional not in values:
            values[positional] = word
        else:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean '{near[0]}='?" if near else ""
            raise UserError(f"'{word}' is not understood.{hint} Keys: {', '.join(f'{name}=' for name in known)}")
    missing = [key for key, default in known.items() if default is None and key not in values]
    if missing:
        raise UserError(f"{', '.join(f'{key}=' for key in missing)} is missing.\n\n{usage}")
    return {key: default for key, default in known.items() if default is not None} | values, others


def number(values: Mapping[str, str], key: str, least: int = 1) -> int:
    """A whole number of at least ``least``."""
    try:
        found = int(values[key])
    except ValueError:
        found = least - 1
    if found < least:
        raise UserError(f"{key}={values[key]} given, a whole number of at least {least} wanted.")
    return found


def choice(values: Mapping[str, str], key: str, allowed: Sequence[str]) -> str:
    """One of several options."""
    if values[key] not in allowed:
        raise UserError(f"{key}={values[key]} given, one of {', '.join(allowed)} wanted.")
    return values[key]

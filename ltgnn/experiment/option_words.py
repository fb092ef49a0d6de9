"""Options of a Python call as the ``KEY=VALUE`` words of a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from ltgnn.config.paths import conf_dir
from ltgnn.types import UserError

Value: TypeAlias = "str | int | float | bool | Path | Sequence[Value] | Mapping[str, Value] | None"
"""What an option may be set to."""

Overrides: TypeAlias = "Sequence[str] | Mapping[str, Value]"
"""Words of a command line, or values by dotted key."""

PLAIN = re.compile(r"[\w.+/@%-]+", re.ASCII)
"""Text that Hydra's grammar reads as it stands."""


def folder_word(path: str | Path) -> str:
    """A path as the command line has it, in quotes where it could be read as a number, a list or null.

    Examples:
        >>> folder_word("logs/train/runs/a"), folder_word("null")
        ('logs/train/runs/a', '"null"')
    """
    return str(path) if "/" in str(path) and PLAIN.fullmatch(str(path)) else quoted(str(path))


def value_word(value: Value) -> str:
    """A value as the command line has it; a text means what it means there (``"null"``, ``"1e-3"``).

    Examples:
        >>> [value_word(value) for value in (1e-3, True, None, "sum", "a b", ["x", 1], {"k": 2})]
        ['0.001', 'true', 'null', 'sum', '"a b"', '[x,1]', '{k:2}']
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str | Path):
        return str(value) if PLAIN.fullmatch(str(value)) else quoted(str(value))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{value_word(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence | range):
        return "[" + ",".join(map(value_word, value)) + "]"
    if isinstance(value, int | float):
        return repr(int(value) if isinstance(value, int) else float(value))  # without the kind of numpy
    return value_word(scalar(value))


def scalar(value: object) -> int | float | bool | str:
    """The Python value of a number of numpy, torch or the like."""
    try:
        found = value.item()  # type: ignore[attr-defined]  # what such numbers have, and nothing else that is an option
    except (AttributeError, ValueError, RuntimeError):
        found = None
    if not isinstance(found, int | float | str):
        raise UserError(f"{value!r:.100} given as the value of an option; a text, number, list or dict wanted.")
    return found


def quoted(text: str) -> str:
    """A text in the quotes of Hydra's grammar, so that it stays a text.

    Examples:
        >>> print(quoted('say "so"'))
        "say \\"so\\""
    """
    inner = re.sub(r'(\\*)"', lambda found: found[1] * 2 + '\\"', text)
    tail = len(inner) - len(inner.rstrip("\\"))
    return f'"{inner}{chr(92) * tail}"'


def words_of(options: Mapping[str, Value], overrides: Overrides) -> list[str]:
    """The words of one configuration. ``UserError`` where an option of a config group is a list, or no text."""
    for key, value in options.items():
        refuse_no_option(key, value)
        if isinstance(value, list | tuple | range) and (conf_dir() / key).is_dir():
            raise UserError(
                f"{key}={list(value)!r} given, one option wanted. To run several: ltgnn.sweep(..., "
                f"{key}={list(value)!r})"
            )
    return [*(f"{key}={value_word(value)}" for key, value in options.items()), *override_words(overrides)]


def refuse_no_option(key: str, value: Value) -> None:
    """Raises ``UserError`` for a number or a truth value in place of the name of an option."""
    if isinstance(value, int | float) and (conf_dir() / key).is_dir():
        raise UserError(f"{key}={value!r} given, the name of an option wanted; ltgnn models {key} lists them.")


def sweep_words(options: Mapping[str, Value], overrides: Overrides) -> list[str]:
    """The words of a sweep: each list is an axis, a list inside it one value."""
    words = []
    for key, value in options.items():
        several = isinstance(value, list | tuple | range)
        if several and not value:
            raise UserError(f"{key}=[] given; a value, or a list of the values to sweep over, wanted.")
        axis: Sequence[Value] = value if several else [value]  # type: ignore[assignment]
        for one in axis:
            refuse_no_option(key, one)
        words.append(f"{key}={','.join(map(value_word, axis))}")
    return [*words, *override_words(overrides)]


def override_words(overrides: Overrides) -> list[str]:
    """``["a.b=1"]`` as it is; ``{"a.b": 1}`` as words."""
    if isinstance(overrides, str):
        raise UserError(f"overrides={overrides!r} given, a list or a dict wanted: [{overrides!r}].")
    if isinstance(overrides, Mapping):
        return [f"{key}={value_word(value)}" for key, value in overrides.items()]
    if wrong := [word for word in overrides if not isinstance(word, str)]:
        raise UserError(f"overrides: {wrong[0]!r} given, a text KEY=VALUE wanted.")
    return list(overrides)


def has(words: Sequence[str], key: str) -> bool:
    """Whether one of the words sets ``key``."""
    return any(word.partition("=")[0].lstrip("+") == key for word in words)

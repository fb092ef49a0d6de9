"""Overrides as they were typed: keys and values, and a line of them split into words."""

from __future__ import annotations

from collections.abc import Iterable


def override_values(words: Iterable[str]) -> dict[str, str]:
    """``["fusion=sum", "+x=1"]`` -> ``{"fusion": "sum", "x": "1"}``"""
    parts = [word.lstrip("+~").partition("=") for word in words]
    return {key: value for key, sign, value in parts if sign}


def split_overrides(changed: str) -> list[str]:
    """The overrides in a line of them: each begins with a key and ``=``."""
    words: list[str] = []
    for word in changed.split(" "):
        key = word.lstrip("+~").partition("=")[0]
        begins = "=" in word and all(part.isidentifier() for part in key.replace("@", ".").replace("/", ".").split("."))
        if begins or not words:
            words.append(word)
        else:
            words[-1] += f" {word}"
    return [word for word in words if word]

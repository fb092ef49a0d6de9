"""What keys mean that neither their yaml nor their class explains: ``meanings.yaml``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import yaml

MEANINGS = Path(__file__).with_name("meanings.yaml")


class Unexplained(Exception):
    """A key without a meaning."""


@cache
def meanings() -> dict[str, str]:
    """Pattern of a key -> its meaning, for keys that nothing else explains."""
    return dict(yaml.safe_load(MEANINGS.read_text(encoding="utf-8")))


USED: set[str] = set()
"""Patterns that a key was found by."""


def meaning(key: str) -> str:
    """That of the first pattern that fits; ``Unexplained`` where none does."""
    for pattern, text in meanings().items():
        if fnmatchcase(key, pattern):
            USED.add(pattern)
            return text
    raise Unexplained(f"{key} has no comment in its yaml, none in its class, and no line in {MEANINGS.name}")


def stated(key: str) -> str:
    """The meaning of exactly this key, which comes before what a class says; empty where there is none."""
    return meaning(key) if key in meanings() else ""

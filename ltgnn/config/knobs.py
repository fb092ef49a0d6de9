"""Clearly wrong knobs of the command line, reported before PyTorch and Hydra are imported.

Only plain words ``KEY=VALUE`` are looked at, whose meaning needs no grammar; the check of the composed config
(``check.py``) sees the rest, and would say the same of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ltgnn.config.parameters import Parameter, of_callable
from ltgnn.config.refusals import refusals
from ltgnn.config.root_schema import ROOTS, SECTIONS, Part

PLAIN = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)=([\w.+/@,-]*)")
"""A key with at most one dot, and a value without signs of Hydra's grammar but the commas of a sweep."""

DIGITS = r"\d+(?:_\d+)*"
NUMBER = re.compile(rf"[+-]?(?:(?:0|[1-9]\d*(?:_\d+)*)(?:\.(?:{DIGITS})?)?|\.{DIGITS})(?:[eE][+-]?{DIGITS})?")

WORDS = {"true": True, "false": False, "null": None}


def wrong_knobs(root: str, words: Sequence[str]) -> list[str]:
    """A line for each knob that ``ltgnn ROOT WORDS`` would refuse; none where a flag asks for something else."""
    if any(word.startswith("-") and word not in ("-m", "--multirun") for word in words):
        return []
    known = dict(known_knobs(root))
    last = {match[1]: match[2].split(",") for word in words if (match := PLAIN.fullmatch(word))}
    swept = any(word in ("-m", "--multirun") for word in words)
    given = [
        (key, text) for key, texts in last.items() if key in known and (swept or len(texts) == 1) for text in texts
    ]
    return [str(found) for key, text in given for found in refusals(known[key], key, value_of(text))]


def value_of(text: str) -> str | float | bool | None:
    """A plain value as Hydra reads it."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if re.fullmatch(r"[+-]?(?:0|[1-9]\d*(?:_\d+)*)", text):
        return int(text)
    if NUMBER.fullmatch(text) or text.lower().lstrip("+-") in ("nan", "inf"):
        return float(text)
    return text


def known_knobs(root: str) -> Iterator[tuple[str, Parameter]]:
    """Knobs at the root by name, and those of groups without a ``_target_``, which only training goes by."""
    yield from of_callable(ROOTS[root]).known.items()
    for group, schema in SECTIONS.items() if root == "train" else ():
        if not isinstance(schema, str):
            known = of_callable(schema).known
            yield from ((f"{group}.{name}", one) for name, one in known.items() if one.annotation is not Part)

"""What a language model wrote, read into its parts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_MARKS = " \t*_#>`\"'-•"
_ESCAPED = re.compile(r'"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*"|\[[^\[\]{}]*\])')


def read_answer(text: str, parts: Sequence[str]) -> dict[str, str]:
    """The parts that an answer has, each one line of text; those that are absent or empty are left out.

    Read are a JSON object with the parts as keys (also one that is cut short, as far as its values are complete), or
    lines such as ``Uses: watering plants``. Of a part that is there twice the first counts. In a list with commas a
    repeated entry is dropped, and so is a value that begins with an angle bracket: a gap
    of the prompt, copied.
    """
    found = _from_json(text, parts) or _from_lines(text, parts)
    tidied = {part: _tidy(found[part]) for part in parts if part in found}
    return {part: value for part, value in tidied.items() if value}


def _from_json(text: str, parts: Sequence[str]) -> dict[str, str]:
    start = text.find("{")
    if start < 0:
        return {}
    pairs: dict[str, Any]
    try:
        pairs, _ = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError):
        pairs = {}
        for name, value in _ESCAPED.findall(text[start:]):
            try:
                pairs.setdefault(name, json.loads(value))
            except ValueError:
                continue
    names = {part.lower(): part for part in parts}
    found: dict[str, str] = {}
    for name, value in pairs.items():
        if (part := names.get(name.strip().lower())) and (line := _joined(value)):
            found.setdefault(part, line)
    return found


def _joined(value: Any) -> str:
    """A value of JSON as text; empty for one that is neither text nor a list of texts."""
    if isinstance(value, list):
        return ", ".join(line for one in value if (line := _joined(one)))
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _from_lines(text: str, parts: Sequence[str]) -> dict[str, str]:
    names = {part.lower(): part for part in parts}
    label = re.compile(rf"[\W\d]*({'|'.join(map(re.escape, names))})\W*?:(.*)", re.IGNORECASE)
    found: dict[str, str] = {}
    current: str | None = None
    for line in text.splitlines():
        if match := label.match(line):
            part = names[match[1].lower()]
            current = part if part not in found else None  # the model has gone on to another item
            if current is not None:
                found[current] = match[2]
        elif not line.strip() or re.match(r"\s*\w+:", line):
            current = None
        elif current is not None:
            found[current] += " " + line
    return found


def _tidy(value: str) -> str:
    line = " ".join(value.split()).strip(_MARKS)
    if line.startswith("<"):
        return ""
    entries = [entry.strip() for entry in line.split(",")]
    return ", ".join(dict.fromkeys(entry for entry in entries if entry)).rstrip(_MARKS)

"""Options of ``ltgnn data import FILE`` in place of reader keys, in messages and notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

COLUMNS = "--user, --item, --rating, --time, --weight, --event, --item-key, --field, --event-field, --number"
FLAGS = (  # of the reader -> of the command
    (r"data\.reader\.quote=null", "--no-quotes"),
    (r"data\.reader\.drop_incomplete=true", "--drop-incomplete"),
    (r"'data\.reader\.escape=\\\\'", r"--escape '\\'"),
    (r"\"data\.reader\.separator=('[^']*')\"", r"--separator \1"),
    (r"'data\.reader\.names=\[([^\]]*)\]'", r"--names \1"),
    (r"'data\.reader\.item_names=\[([^\]]*)\]'", r"--item-names \1"),
    (r", null for a number of seconds", "; omit it for a number of seconds"),
    (r"(?<=signs|.sign), or null", ""),
    (r"data\.reader\.items=", "--items "),
    (r"\+?data\.reader\.event_fields\.([^=]+=)", r"--event-field \1"),
    (r"\+?data\.reader\.event_weights\.([^=]+=)", r"--event-weight \1"),
    (r"data\.cleaning\.min_rating is set", "--min-rating is given"),
    (r"data\.reader\.(first_counts|keep_unknown)=true", r"--\1"),
    (r"data\.cleaning\.keep_unseen_items=true", "--keep-untouched"),
    (r"data\.reader\.missing=\[([^\]]*)\]", r"--missing \1"),
    (r"data\.reader\.(encoding|time_format|time_unit|separator|item_key|event)=", r"--\1 "),
    (r"data\.cleaning\.repeats=", "--repeats "),
    (r"data\.cleaning\.(min_rating|user_core) or \.item_core", r"--\1 or --item-core"),
    (
        r"data\.reader\.(encoding|time_format|time_unit|separator|escape|names|missing|rating|time|weight|event|user|item)\b",
        r"--\1",
    ),
    (r"(columns?|column names) in data\.reader\b", rf"\1 ({COLUMNS})"),
    (r"Check data\.files and the file names in data\.reader\.", "Check the path."),
    (r"(?<=--)(time|first|keep|item|min|user)_(?=[a-z]+)", r"\1-"),
)


@contextmanager
def name_flags(of_file: bool) -> Iterator[None]:
    """Mistakes name the flags of the command, where the source is a file; else the options of the reader."""
    try:
        yield
    except UserError as mistake:
        if not of_file:
            raise
        raise type(mistake)(with_flags(str(mistake))) from mistake


def with_flags(message: str) -> str:
    """The message with the flags in place of the reader's options; options without a flag stay, and work."""
    for option, flag in FLAGS:
        message = re.sub(option, flag, message)
    return message


def describe_reading(source: Mapping[str, Any]) -> list[str]:
    """A line for each file: its rows, and all that was found out or dropped in reading it."""
    files = [*source.get("interactions", []), source.get("items", {}), source.get("users", {})]
    lines = []
    for about in files:
        if not isinstance(about, Mapping) or "file" not in about:
            continue
        facts = [pluralize(about.get("rows", 0), "row")]
        facts += [f"{what} {fact:,}" if isinstance(fact, int) else f"{what} {fact}" for what, fact in _facts(about)]
        lines.append(f"read {about['file']}: {'; '.join(facts)}")
    return lines


def _facts(about: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((what, fact) for what, fact in about.items() if what not in ("file", "rows") and fact not in (0, "", None))

"""Names that become folders and files: they stay where they belong."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ltgnn.types import UserError

LONGEST = 200
"""Characters of a name: less than what file systems hold, since names are joined to others."""


def name(text: str, option: str) -> str:
    """``text``, if it can only be a folder directly inside another; ``option`` is what the message names."""
    if not re.fullmatch(r"\w[\w.-]*", text) or len(text) > LONGEST:
        raise UserError(
            f"{option}={text[:LONGEST]} given; wanted a name of letters, digits, '-', '_' and '.', which begins with a "
            f"letter or a digit and has at most {LONGEST} signs."
        )
    return text


def file_name(text: str, option: str) -> str:
    """``text``, if it is a file inside a folder, or inside folders in it; hidden ones are not for data."""
    parts = text.split("/")
    if not text or "\\" in text or "\0" in text or any(not part or part.startswith(".") for part in parts):
        raise UserError(
            f"{option}: the file '{text[:LONGEST]}' is not a name inside its folder; wanted one like part/a.tsv."
        )
    return str(PurePosixPath(text))

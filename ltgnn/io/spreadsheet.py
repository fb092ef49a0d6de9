"""Texts that a spreadsheet would run as formulas, marked in CSV files so that they stay texts, and taken back.

A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line end (or the first four in full width) gets an
apostrophe before it, and so does one that begins with apostrophes and then such a sign. Numbers, also those written as
texts such as an id ``-5``, stay as they are. Whoever reads such a file by program takes one apostrophe off the texts
that begin with apostrophes and then such a sign: ``plain`` does. See OWASP, "CSV Injection".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_SIGNS = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_FORMULA = re.compile(f"'*{_SIGNS}")
_IS_NUMBER = re.compile(f"{_NUMBER}\\Z")
_MARKED = re.compile(f"''*{_SIGNS}")


def mark_formula(value: Any) -> Any:
    """A cell as it is written; only texts are changed."""
    if isinstance(value, str) and _FORMULA.match(value) and not _IS_NUMBER.match(value):
        return "'" + value
    return value


def unmark_formula(text: str) -> str:
    """The text of a cell that ``marked`` has written."""
    return text[1:] if _MARKED.match(text) else text


def marked_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """A table whose texts, and names of columns, are so marked."""
    import polars as pl

    text = pl.col(pl.String)
    formula = text.str.contains(f"^'*{_SIGNS}") & ~text.str.contains(f"^{_NUMBER}$")
    return frame.with_columns(pl.when(formula).then(pl.lit("'") + text).otherwise(text).name.keep()).rename(
        mark_formula
    )

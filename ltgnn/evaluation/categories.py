"""Item categories out of a text column, for diversity and calibration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch

from ltgnn.tensors.csr import Csr


class Categories:
    """Reads the first of ``columns`` that the data set has, e.g. genres.

    A cell holds several categories, cut at ``separators`` (one character each) if the column has any of these, else at
    blanks: ``Action|Comedy``, ``Beauty > Skin Care | Beauty > Bath`` (each level is a category), ``Action Sci-Fi``.
    """

    def __init__(self, columns: Sequence[str], separators: str) -> None:
        self.columns, self.separators = tuple(columns), separators

    def __call__(self, item_fields: Mapping[str, Sequence[str]]) -> Csr | None:
        """Columns of I texts -> CSR by item: offsets [I + 1], category numbers; None without such a column."""
        column = next((item_fields[name] for name in self.columns if name in item_fields), None)
        if column is None or not any(column):
            return None
        separator = re.compile(f"[{re.escape(self.separators)}]")
        if not any(separator.search(cell) for cell in column):
            separator = re.compile(r"\s+")
        numbers: dict[str, int] = {}
        rows = [
            sorted({numbers.setdefault(name, len(numbers)) for part in separator.split(cell) if (name := part.strip())})
            for cell in column
        ]
        offsets = torch.tensor([0, *map(len, rows)]).cumsum(0)
        return offsets, torch.tensor([number for row in rows for number in row], dtype=torch.int64)

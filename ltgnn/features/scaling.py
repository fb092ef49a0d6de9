"""Columns of numbers on one scale, missing ones marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


def standardise(table: Tensor, fit: Tensor) -> Tensor:
    """Columns to mean 0 and deviation 1 on the rows ``fit`` that have a number; nan to 0, marked in a column more.

    [I, C] -> [I, C + columns with a missing number]
    """
    return standardising(table, fit)(table)


def standardising(table: Tensor, fit: Tensor) -> Callable[[Tensor], Tensor]:
    """What :func:`standardised` does to a row, by the mean and deviation of the rows ``fit`` of the table."""
    missing = table.isnan()
    seen = torch.where(missing | ~fit[:, None], torch.nan, table.double())
    mean = seen.nanmean(0)
    deviation = (seen - mean).square().nanmean(0).sqrt()
    marked = missing.any(0)

    def scale(rows: Tensor) -> Tensor:
        scaled = ((rows - mean) / torch.where(deviation > 0, deviation, 1.0)).nan_to_num(0.0)
        return torch.cat([scaled, rows.isnan()[:, marked].double()], dim=1).float()

    return scale


def silent(table: Tensor, columns: Sequence[str]) -> dict[str, Any]:
    """The columns, and which of them are uninformative on the train items [n, C]: all equal, or all missing."""
    low, high = table.nan_to_num(nan=torch.inf).amin(0), table.nan_to_num(nan=-torch.inf).amax(0)
    absent = table.isnan().all(0)
    return {
        "columns": list(columns),
        "constant": [name for name, same in zip(columns, ((low == high) & ~absent).tolist(), strict=True) if same],
        "absent": [name for name, lacks in zip(columns, absent.tolist(), strict=True) if lacks],
    }

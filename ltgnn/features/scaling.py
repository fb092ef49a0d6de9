"""Columns of numbers on one scale, missing ones marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ltgnn.types import Dataset, UserError

LARGEST = 1e19
"""Of the numbers of an item: the square of a larger one is not a 32-bit number. Times in nanoseconds are below."""


def numbers_of(dataset: Dataset, columns: Sequence[str]) -> Tensor:
    """The numbers of the items as they are.  [I, C] float32; ``UserError`` for one whose square is not one."""
    table = torch.stack([dataset.item_numbers[column].float() for column in columns], dim=1)
    for row, column in torch.nonzero(table.abs() > LARGEST).tolist()[:1]:
        raise UserError(
            f"the number '{columns[column]}' of item '{dataset.item_ids[row]}' is {float(table[row, column]):g}, "
            "too large to compute with: fix the data, or omit the column with features.columns"
        )
    return table


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

"""Lists of any library as a scorer: a table of users, items and, if it has them, ranks or scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ltgnn.io.pluralize import pluralize
from ltgnn.io.spreadsheet import unmark_formula
from ltgnn.tensors.csr import Csr, csr_rows
from ltgnn.types import Scorer, UserError, as_scorer

if TYPE_CHECKING:
    import polars as pl

NAMES = {"user": ("user", "user_id"), "item": ("item", "item_id")}
"""Names that the columns of ids may have."""


def list_scorer(path: str | Path, user_ids: Sequence[str], item_ids: Sequence[str]) -> tuple[Scorer, int]:
    """A scorer that ranks each user's listed items as the file does, and the number of users in the file.

    Any other item is not a candidate (-inf). A column ``rank`` counts (1 is the best), else ``score``, else the order
    of lines; equal ones stay equal. Parquet, or text with a comma, tab or semicolon, whichever the header has. Raises
    ``UserError`` with the line number.
    """
    file = Path(path)
    users, items, scores = _read(file, user_ids, item_ids)
    places = _places(users, scores)
    order = torch.argsort(users, stable=True)
    offsets = torch.zeros(len(user_ids) + 1, dtype=torch.int64)
    offsets[1:] = torch.bincount(users, minlength=len(user_ids)).cumsum(0)
    listed: Csr = offsets, torch.stack([items, places], dim=1)[order]
    num_items = len(item_ids)

    def scorer(users: Tensor) -> Tensor:
        rows, entries = csr_rows(listed, users.cpu())
        block = torch.full((users.numel(), num_items), -torch.inf)
        block[rows, entries[:, 0]] = -entries[:, 1].float()
        return block.to(users.device)

    return as_scorer(scorer), int((offsets.diff() > 0).sum())


def _read(file: Path, user_ids: Sequence[str], item_ids: Sequence[str]) -> tuple[Tensor, Tensor, Tensor | None]:
    """Columns of the file as numbers of users, of items, and scores (float64)."""
    if not file.is_file():
        raise UserError(f"lists={file}: file not found")
    frame = _as_texts(file)
    known = {role: next((name for name in names if name in frame.columns), None) for role, names in NAMES.items()}
    if None in known.values():
        wanted = "user and item (or user_id and item_id) and, optionally, rank or score"
        raise UserError(f"lists={file} has the columns {', '.join(frame.columns)}; wanted {wanted}")
    frame = frame.rename({str(name): role for role, name in known.items()})
    if not len(frame):
        raise UserError(f"lists={file} has a header and no line")
    users = _numbers(file, frame["user"], user_ids, "user")
    items = _numbers(file, frame["item"], item_ids, "item")
    pair = users * len(item_ids) + items
    order = torch.argsort(pair, stable=True)
    again = order[1:][pair[order].diff() == 0]
    if again.numel():
        line = int(again.min())
        raise UserError(
            f"{file} line {line + 2}: item {frame['item'][line]} a second time for user {frame['user'][line]}"
        )
    for column, sign in (("rank", -1.0), ("score", 1.0)):
        if column in frame.columns:
            return users, items, sign * _floats(file, frame[column], column)
    return users, items, None


def _as_texts(file: Path) -> pl.DataFrame:
    """All columns as texts."""
    import polars as pl

    if file.suffix == ".parquet":
        try:
            return pl.read_parquet(file, glob=False).with_columns(pl.all().cast(pl.String))
        except pl.exceptions.PolarsError as error:
            raise UserError(f"lists={file} cannot be read as Parquet: {error}") from error
    with file.open(encoding="utf-8-sig") as lines:
        header = lines.readline().rstrip("\r\n")
    separator = max(",\t;", key=header.count)
    try:
        frame = pl.read_csv(file, separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise UserError(f"lists={file} cannot be read as a table separated by {separator!r}: {error}") from error
    return frame.rename({name: name.strip().removeprefix("\ufeff") for name in frame.columns})


def _floats(file: Path, column: pl.Series, name: str) -> Tensor:
    import polars as pl

    found = column.str.strip_chars().cast(pl.Float64, strict=False)
    wrong = (found.is_null() | found.is_nan()).arg_true()
    if len(wrong):
        raise UserError(f"{file} line {wrong[0] + 2}: the {name} is {column[wrong[0]]!r}, wanted a number")
    return torch.from_numpy(found.to_numpy().copy())


def _numbers(file: Path, column: pl.Series, ids: Sequence[str], kind: str) -> Tensor:
    """Raw ids of a column as numbers."""
    import polars as pl

    known = pl.DataFrame({"id": ids, "number": range(len(ids))}, schema={"id": pl.String, "number": pl.Int64})

    def numbers(texts: pl.Series) -> pl.Series:
        return texts.to_frame("id").join(known, on="id", how="left", maintain_order="left")["number"]

    texts = column.str.strip_chars()
    found = numbers(texts)
    if found.has_nulls():  # ids that look like formulas are marked in a CSV of ours
        found = found.zip_with(found.is_not_null(), numbers(texts.map_elements(unmark_formula, return_dtype=pl.String)))
    unknown = found.is_null().arg_true()
    if len(unknown):
        line = unknown[0]
        raise UserError(
            f"{file} line {line + 2}: {kind} {column[line]!r} is not in the data set "
            f"({pluralize(len(unknown), 'such line')}). Its ids are like {', '.join(map(repr, ids[:3]))}; "
            f"set data=... to the set that the lists were made for."
        )
    return torch.from_numpy(found.to_numpy().copy())


def _places(users: Tensor, scores: Tensor | None) -> Tensor:
    """Dense rank of each line among all lines, best score first, equal for equal scores: float32 distinguishes them.

    Ranks are taken within a user, so that 16 million items a user stay exact.
    """
    if scores is None:
        scores = -torch.arange(users.numel(), dtype=torch.float64)
    by_score = torch.argsort(scores, descending=True, stable=True)
    order = by_score[torch.argsort(users[by_score], stable=True)]  # by user, best first
    new_user = torch.ones(order.numel(), dtype=torch.bool)
    new_user[1:] = users[order].diff() != 0
    step = torch.ones(order.numel(), dtype=torch.int64)
    step[1:] = (scores[order].diff() != 0).long()
    rank = step.cumsum(0)
    start = torch.where(new_user, rank, 0).cummax(0).values
    places = torch.empty_like(rank)
    places[order] = rank - start
    return places

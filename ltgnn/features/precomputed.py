"""Vectors made elsewhere: .npy, .safetensors or .parquet, matched to the items by id and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.io.file_digest import file_digest
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

SHOWN = 5  # ids in a message


class FeatureFile:
    """A file of vectors and the ids of its rows.

    ``path``: ``.npy`` [n, D]; ``.safetensors`` with one tensor [n, D]; ``.parquet`` with one column of lists, or all
    its numeric columns in their order.
    ``ids``: whose the rows are. ``rows``: row n is the item with the raw id n; ``order``: row n is the n-th item of the
    data set as loaded (as many rows as items); else a text file, one raw id a line, or the id column of the parquet.
    ``width``: the D expected, or None. ``missing``: what an item without a row gets: ``error``, or ``zero``.
    ``extra``: rows of unknown items: ``error``, or ``ignore`` (a catalogue cleaned down).
    """

    def __init__(
        self,
        path: str,
        ids: str,
        width: Annotated[int, Ge(1)] | None,
        missing: Literal["error", "zero"],
        extra: Literal["error", "ignore"],
    ) -> None:
        if missing not in ("error", "zero"):
            raise UserError(f"features.file.missing={missing} is neither error nor zero")
        if extra not in ("error", "ignore"):
            raise UserError(f"features.file.extra={extra} is neither error nor ignore")
        self.path, self.ids, self.width, self.missing, self.extra = Path(path), ids, width, missing, extra

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        self._need(self.path, "features.file.path")
        outside = self.ids not in ("rows", "order") and self.path.suffix != ".parquet"
        if outside:
            self._need(Path(self.ids), "features.file.ids")
        return {
            "class": "FeatureFile",
            "file": file_digest(self.path),
            "ids": file_digest(Path(self.ids)) if outside else self.ids,
            "missing": self.missing,
            "extra": self.extra,
        }

    def __call__(self, item_ids: Sequence[str]) -> Tensor:
        """The vectors of the items, in their order.  [I, D] float32"""
        values, ids = self._read(item_ids)
        where = f"the features file {self.path}"
        if values.ndim != 2 or (self.width is not None and values.shape[1] != self.width):
            wanted = pluralize(self.width, "column") if self.width is not None else "one row per item"
            raise UserError(f"{where} has the shape {tuple(values.shape)}; wanted {wanted} (features.file.width)")
        if len(ids) != len(values):
            there, named = pluralize(len(values), "row"), pluralize(len(ids), "item")
            raise UserError(f"{where} has {there}, but features.file.ids={self.ids} names {named}")
        if twice := [name for name, count in Counter(ids).items() if count > 1]:
            raise UserError(
                f"{where} names {pluralize(len(twice), 'id')} more than once: {few_of(twice)}; keep one row of each"
            )
        row_of = {name: row for row, name in enumerate(ids)}
        if self.extra == "error" and (unknown := set(row_of).difference(item_ids)):
            raise UserError(
                f"{where} has {pluralize(len(unknown), 'row')} of items that are not in the data set: "
                f"{few_of(sorted(unknown))}; drop them, or set features.file.extra=ignore"
            )
        lacking = [name for name in item_ids if name not in row_of]
        if lacking and self.missing == "error":
            raise UserError(
                f"{where} lacks {len(lacking)} of {pluralize(len(item_ids), 'item')}: {few_of(lacking)}; add them, or "
                "set features.file.missing=zero"
            )
        rows = torch.tensor([row_of.get(name, -1) for name in item_ids], dtype=torch.int64)
        aligned = values.float()[rows.clamp(min=0)]
        aligned[rows < 0] = 0
        if bad := [item_ids[row] for row in torch.nonzero(~aligned.isfinite().all(1)).flatten().tolist()]:
            raise UserError(
                f"{where} has rows with NaN or infinity for {pluralize(len(bad), 'item')}: {few_of(bad)}; fix the file"
            )
        return aligned

    def rows(self, item_ids: Sequence[str]) -> list[Tensor | None]:
        """The vectors [D] of other items than those of a run, None for one that is not in the file.

        ``order`` selects only the items of the data set.
        """
        if self.ids == "order":
            return [None] * len(item_ids)
        values, ids = self._read(item_ids)
        row_of = {name: row for row, name in enumerate(ids)}
        found = [values[row_of[name]].float() if name in row_of else None for name in item_ids]
        if bad := [name for name, row in zip(item_ids, found, strict=True) if row is not None and not row.norm() < inf]:
            raise UserError(f"the features file {self.path} has NaN, infinity or too large numbers for {few_of(bad)}")
        return found

    def _read(self, item_ids: Sequence[str]) -> tuple[Tensor, list[str]]:
        self._need(self.path, "features.file.path")
        names: list[str] | None = None
        try:
            if self.path.suffix == ".npy":
                import numpy as np

                values = torch.from_numpy(np.load(self.path, allow_pickle=False))
            elif self.path.suffix == ".safetensors":
                from safetensors.torch import load_file

                tensors = load_file(self.path)
                if len(tensors) != 1:
                    raise UserError(
                        f"{self.path} holds {len(tensors)} tensors ({few_of(sorted(tensors))}); wanted one [n, D]"
                    )
                (values,) = tensors.values()
            elif self.path.suffix == ".parquet":
                values, names = self._read_parquet()
            else:
                raise UserError(f"features.file.path={self.path}: wanted .npy, .safetensors or .parquet")
        except UserError:
            raise
        except Exception as error:  # each format has its own errors for a damaged file
            raise UserError(f"features.file.path={self.path} cannot be read: {error}") from error
        if self.ids == "rows":
            names = [str(row) for row in range(len(values))]
        elif self.ids == "order":
            if len(values) != len(item_ids):
                raise UserError(
                    f"features.file.ids=order, but {self.path} has {pluralize(len(values), 'row')} for "
                    f"{pluralize(len(item_ids), 'item')}; "
                    "name the ids"
                )
            names = list(item_ids)
        elif names is None:
            self._need(Path(self.ids), "features.file.ids")
            names = Path(self.ids).read_text(encoding="utf-8-sig").splitlines()
        return values, names

    def _read_parquet(self) -> tuple[Tensor, list[str] | None]:
        import polars as pl

        frame = pl.read_parquet(self.path, glob=False)
        names = None
        if self.ids not in ("rows", "order"):
            if self.ids not in frame.columns:
                raise UserError(
                    f"features.file.ids={self.ids} is not a column of {self.path} ({', '.join(frame.columns[:9])})"
                )
            names = frame[self.ids].cast(pl.String).to_list()
            frame = frame.drop(self.ids)
        lists = [name for name, kind in frame.schema.items() if isinstance(kind, (pl.List, pl.Array))]
        if lists:
            column = frame[lists[0]]
            widths = column.list.len() if isinstance(column.dtype, pl.List) else None
            if widths is not None and widths.n_unique() != 1:
                raise UserError(
                    f"the column {lists[0]} of {self.path} holds lists of {widths.min()!s} to {widths.max()!s} numbers"
                )
            return torch.tensor(column.to_list(), dtype=torch.float32), names
        numeric = frame.select(pl.selectors.numeric())
        if not numeric.width:
            raise UserError(f"{self.path} has neither a column of lists nor numeric columns besides the ids")
        return torch.from_numpy(numeric.cast(pl.Float32).to_numpy(writable=True)), names

    @staticmethod
    def _need(path: Path, option: str) -> None:
        if not path.is_file():
            raise UserError(f"{option}={path}: no such file")


def few_of(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")

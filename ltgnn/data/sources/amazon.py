"""Amazon Reviews 2018 and 2023: JSON Lines (or Python literals) of reviews and of product metadata."""

from __future__ import annotations

import contextlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from annotated_types import Gt

from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.rows import RowTable
from ltgnn.data.tables import NodeTable, assemble

OPTIONS = {"encoding": "data.reader.encoding"}


@dataclass(frozen=True)
class AmazonReviews:
    """Reviews are interactions, rated and timed; lists in the metadata (categories, description) become text.

    Metadata repeat some products (the first row counts) and lack some (kept without text); both are counted.
    See https://cseweb.ucsd.edu/~jmcauley/datasets/amazon_v2 and https://amazon-reviews-2023.github.io.
    """

    reviews: str
    metadata: str | None
    user: str
    item: str
    rating: str
    time: str
    item_fields: Mapping[str, str]  # our name -> key of the metadata
    prices: Mapping[str, str]  # our name -> key of an amount such as "$12.99"
    time_unit: Literal["auto", "s", "ms", "us", "ns"] = "auto"  # s in 2018, ms in 2023; us, ns; auto: by their range
    time_scale: Annotated[float, Gt(0)] | None = None  # of recipes before time_unit: 1 or .001 seconds
    time_format: str | None = None  # of times written as dates: "%Y-%m-%d %H:%M:%S", or iso
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]
    encoding: str | None = None  # None: by a byte order mark, else UTF-8

    def __call__(self, folder: Path) -> Raw:
        reviews = table_file(folder / self.reviews, encoding=self.encoding, options=OPTIONS)
        unit = self.time_unit if self.time_scale is None else {1.0: "s", 0.001: "ms"}.get(self.time_scale, "auto")
        columns = self.user, self.item, self.rating, self.time
        rows = RowTable(
            {"all": reviews}, *columns, self.time_format, unit, self.missing, drop_incomplete=bool(self.missing)
        )
        if self.metadata is None:
            return assemble(rows)
        texts = {**self.item_fields, **self.prices}
        metadata = table_file(folder / self.metadata, encoding=self.encoding, options=OPTIONS)
        items = NodeTable(metadata, self.item, texts, first_counts=True, drop_incomplete=True)
        raw = assemble(rows, items, keep_unknown=True)
        fields = {
            name: raw.item_fields[name].map_elements(clean_text, return_dtype=pl.String) for name in self.item_fields
        }
        numbers = {name: amount(raw.item_fields[name]) for name in self.prices}
        return replace(raw, item_fields=fields, item_numbers=numbers)


def clean_text(text: str) -> str:
    """Text of a JSON value: lists joined (levels of a category path by " > "), entities decoded, blanks single."""
    if text.startswith("["):
        with contextlib.suppress(ValueError):
            text = " > ".join(_leaves(json.loads(text)))
    return " ".join(html.unescape(text).split())


def _leaves(value: Any) -> list[str]:
    if isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [str(value)] if value not in (None, "") else []


def amount(texts: pl.Series) -> np.ndarray[Any, np.dtype[np.float32]]:
    """ "$1,299.00" -> 1299; nan for a range, a missing or unreadable amount.  [I]"""
    number = texts.str.strip_chars().str.extract(r"^\$?([0-9][0-9,]*(?:\.[0-9]+)?)$").str.replace_all(",", "")
    return number.cast(pl.Float32, strict=False).fill_null(np.nan).to_numpy()

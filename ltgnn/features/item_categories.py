"""Item features out of categories: a column for each value of a field, or few columns by a hash of the value."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.features.blocks import as_block
from ltgnn.features.item_features import FeatureSource
from ltgnn.features.steps import apply_steps
from ltgnn.features.store import key_of
from ltgnn.features.transform import OfKnown, Step
from ltgnn.types import Dataset, Features, UserError


class ItemCategories(FeatureSource):
    """Item fields as columns of 0 and 1, one for each value, side by side in the order of ``fields``.

    ``separator``: between the values of one item ("Drama|Comedy"), each of which is marked; None: a field is one value.
    ``most_values``: of a field; one with more has ``buckets`` columns, and a value is in the column that its sha256
    gives (Weinberger et al., ICML 2009, without signs), so that few share one. Values are compared as written, blanks
    around them aside. A missing value is a row of zeros in the columns of its field; an item without any is a row of
    zeros, also after control and transform. Values are those of all items, no interactions are read; nothing is kept
    in the feature store.
    """

    def __init__(
        self,
        fields: Sequence[str],
        separator: str | None,
        most_values: Annotated[int, Ge(1)],
        buckets: Annotated[int, Ge(1)],
        control: Step,
        transform: Step,
    ) -> None:
        self.names, self.separator, self.most_values, self.buckets = list(fields), separator, most_values, buckets
        self.control, self.transform = control, transform

    @property
    def fields(self) -> Sequence[str]:
        return self.names

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        raw = self.raw(dataset)
        return apply_steps(raw, counts, *self.steps(raw), what="item categories", items=dataset.item_ids)

    def steps(self, raw: Features) -> tuple[Step, Step]:
        """Control and transform on the items that have a category."""
        known = raw.blocks["categories"].known
        return OfKnown(self.control, known), OfKnown(self.transform, known)

    def raw(self, dataset: Dataset) -> Features:
        """The columns of 0 and 1, before control and transform.  [I, C]"""
        if not self.fields or not set(self.fields) <= set(dataset.item_fields):
            raise UserError(
                f"features.fields=[{','.join(self.fields)}] given, but the item fields of {dataset.name} are: "
                f"{', '.join(dataset.item_fields) or 'none'}; set features.fields to some of them"
            )
        tables: list[Tensor] = []
        card: dict[str, Any] = {}
        for name in self.fields:
            rows = self.values_of(dataset, name)
            columns = self.columns(rows)
            hashed = len(columns) > self.most_values
            tables.append(mark(rows, columns, self.width(columns)))
            card[name] = {
                "values": len(columns),
                "columns": tables[-1].shape[1],
                "hashed": hashed,
                "missing": sum(not row for row in rows),
                "most frequent": dict(Counter(value for row in rows for value in row).most_common(5)),
            }
        values = torch.cat(tables, dim=1)
        if not values.any():
            raise UserError(
                f"the fields {', '.join(self.fields)} of {dataset.name} are empty for all items: set features.fields"
            )
        identity = {
            "class": "ItemCategories",
            "fields": self.names,
            "values": hashlib.sha256(values.numpy().tobytes()).hexdigest(),
        }
        found = {"key": key_of(identity, []), "identity": identity, "shape": list(values.shape), "fields": card}
        return as_block(Features(values, found), "categories", values.any(1))

    def new_rows(self, dataset: Dataset, grown: Dataset) -> Tensor:
        """The rows of the items that ``grown`` has after those of ``dataset``, before control and transform.  [n, C]

        The columns are those of ``dataset``: a value that no item there has is in none, and in one by its hash.
        """
        tables: list[Tensor] = []
        for name in self.fields:
            columns = self.columns(self.values_of(dataset, name))
            width, new = self.width(columns), self.values_of(grown, name)[dataset.num_items :]
            if len(columns) > self.most_values:
                columns = {value: self.bucket(value) for row in new for value in row}
            tables.append(mark(new, columns, width))
        return torch.cat(tables, dim=1)

    def values_of(self, dataset: Dataset, name: str) -> list[list[str]]:
        """The different values of each item in a field."""
        return [self.split(text) for text in dataset.item_fields[name]]

    def split(self, text: str) -> list[str]:
        """The different values of one item."""
        parts = [text] if self.separator is None else text.split(self.separator)
        return list(dict.fromkeys(part for one in parts if (part := one.strip())))

    def columns(self, rows: Sequence[Sequence[str]]) -> dict[str, int]:
        """Value -> column, by name, or by its hash where there are more than ``most_values``."""
        known = sorted({value for row in rows for value in row})
        if len(known) <= self.most_values:
            return {value: column for column, value in enumerate(known)}
        return {
            value: int(hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest(), 16) % self.buckets
            for value in known
        }

    def width(self, columns: Mapping[str, int]) -> int:
        """How many columns a field has with these values."""
        return self.buckets if len(columns) > self.most_values else len(columns)

    def bucket(self, value: str) -> int:
        """The column of a value by its hash."""
        return int(hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest(), 16) % self.buckets


def mark(rows: Sequence[Sequence[str]], columns: Mapping[str, int], width: int) -> Tensor:
    """1 where an item has a value of the column; a value without a column is left out.  [n, width] float32"""
    marks = torch.zeros(len(rows), width)
    for item, row in enumerate(rows):
        marks[item, [columns[value] for value in row if value in columns]] = 1
    return marks

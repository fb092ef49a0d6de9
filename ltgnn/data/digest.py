"""The sha256 of a data set: ids, what is known of the items, and each part's pairs, times, weights and fields."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import polars as pl

from ltgnn.data.blocks import blocks, by_code
from ltgnn.data.raw import Raw
from ltgnn.data.related import add_related
from ltgnn.types import Interactions


def digest(raw: Raw, parts: Mapping[str, Interactions]) -> str:
    """The same whatever the order of the rows. What a set has not, times for instance, adds nothing to it."""
    found = hashlib.sha256()
    for column in (raw.user_ids, raw.item_ids, *raw.item_fields.values()):
        _texts(found, column)
    for name, fields in raw.user_fields.items():
        found.update(f"user field {name}".encode())
        _texts(found, fields)
    for name, numbers in {**raw.item_numbers, **raw.item_vectors}.items():
        found.update(f"numbers {name}".encode())
        for block in blocks(len(numbers)):
            values = np.array(numbers[block], dtype=np.float32)
            values[np.isnan(values)] = np.nan  # one nan of the many
            found.update(np.ascontiguousarray(values).data)
    add_related(found, raw)
    for name, part in parts.items():
        found.update(name.encode())
        _pairs(found, part)
    return found.hexdigest()


def _texts(found: hashlib._Hash, column: pl.Series) -> None:
    for number, block in enumerate(blocks(len(column))):
        found.update(("\0" * (number > 0) + "\0".join(column[block].to_list())).encode())
    found.update(b"\1")


def _pairs(found: hashlib._Hash, part: Interactions) -> None:
    """Keys in ascending order, some users at a time; then the sha256 of times, weights and fields, in that order."""
    users, items = part.users.numpy(), part.items.numpy()
    others = {"times": part.times, "weights": part.weights}
    others |= {f"field {name} {column.values}": column.codes for name, column in part.fields.items()}
    columns = {name: (column.numpy(), hashlib.sha256()) for name, column in others.items() if column is not None}
    for rows in by_code(users, part.num_users):
        keys = users[rows].astype(np.int64) * part.num_items + items[rows]
        if not columns:
            keys.sort()
            found.update(keys)
            continue
        order = np.argsort(keys)
        found.update(keys[order])
        for column, column_hash in columns.values():
            column_hash.update(np.ascontiguousarray(column[rows[order]]).data)
    for name, (_, column_hash) in columns.items():
        found.update(name.encode() + column_hash.digest())

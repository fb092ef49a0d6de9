"""A named data set from its yaml: files, reader and cleaning, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ltgnn.data.blocks import release
from ltgnn.data.card import INCOMPLETE, ONE, find_doubtful_values, left_out, summarise, what_is_left_out
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.digest import digest
from ltgnn.data.event_fields import fields_of
from ltgnn.data.names import Names
from ltgnn.data.raw import Raw, Reader, counts_of
from ltgnn.data.related import add_relations, refuse_wrong_items
from ltgnn.data.triples import RelationSource
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, Interactions, UserError

log = logging.getLogger(__name__)


def load(
    files: Callable[[], Path],
    reader: Reader,
    cleaning: Cleaning,
    name: str = "data",
    expected: Mapping[str, int] | None = None,
    licence: str = "",
    template: str | None = None,
    variables: Mapping[str, str | float] | None = None,
    relations: Mapping[str, RelationSource] | None = None,
) -> Dataset:
    """Reads and cleans a data set; the arguments are the keys of its yaml:
    ``load(**instantiate(cfg.data, _convert_="all"))``.

    ``expected`` are the published counts of the files as read, before cleaning (users, items, interactions, and
    of official parts train, val, test): a difference is an error, because numbers of two versions of one data set
    cannot be compared. ``variables`` are values that other keys of the yaml interpolate. ``relations``
    are sources of relations of the items, by any name, in addition to those that the reader itself gives.
    """
    folder = files()
    raw = reader(folder)
    counts = counts_of(raw)
    if expected:
        _compare(name, counts, expected)
    add_relations(raw, folder, relations or {})
    refuse_wrong_items(name, raw)
    ids = {"users": len(raw.user_ids), "items": len(raw.item_ids)}
    raw, report = cleaning(raw)
    gone = left_out(raw, counts, ids)
    said = find_doubtful_values(raw)
    if gone:
        log.warning("%s: left out %s", name, ", ".join(what_is_left_out(gone)))
    for text in said:
        log.warning("%s: %s", name, text)
    if INCOMPLETE in gone:
        without = pluralize(gone[INCOMPLETE], f"{ONE[INCOMPLETE]} is left out", f"{INCOMPLETE} are left out")
        said = list(dict.fromkeys([without, *said]))
    shape = summarise(raw)
    release()
    parts = _parts(raw)
    card = {
        "name": name,
        "licence": licence,
        "template": template,
        "variables": dict(variables or {}),
        "source": dict(raw.notes),
        "read": counts,
        "cleaning": report,
        "left out": gone,
        "warnings": said,
        **shape,
        "parts": {part: len(pairs) for part, pairs in parts.items()},
        "sha256": digest(raw, parts),
    }
    return Dataset(
        name=name,
        parts=parts,
        user_ids=Names(raw.user_ids),
        item_ids=Names(raw.item_ids),
        item_fields={field: column.to_list() for field, column in raw.item_fields.items()},
        item_numbers={field: torch.from_numpy(column.copy()) for field, column in raw.item_numbers.items()},
        item_vectors={
            field: torch.from_numpy(np.array(rows, dtype=np.float32)) for field, rows in raw.item_vectors.items()
        },
        user_fields={field: column.to_list() for field, column in raw.user_fields.items()},
        relations=raw.relations,
        images=raw.images,
        card=card,
    )


def _parts(raw: Raw) -> dict[str, Interactions]:
    """The rows of each part; those of a single one are in the memory of the columns of ``raw``."""

    def tensor(column: NDArray[Any], rows: NDArray[Any] | slice, kind: type) -> torch.Tensor:
        return torch.from_numpy(np.require(column[rows], kind, "W"))

    def pairs(rows: NDArray[Any] | slice) -> Interactions:
        return Interactions(
            users=tensor(raw.users, rows, np.int32),
            items=tensor(raw.items, rows, np.int32),
            num_users=len(raw.user_ids),
            num_items=len(raw.item_ids),
            times=None if raw.times is None else tensor(raw.times, rows, np.float64),
            weights=None if raw.weights is None else tensor(raw.weights, rows, np.float32),
            fields=fields_of(raw, rows),
        )

    if raw.parts is None:
        return {raw.part_names[0]: pairs(slice(None))}
    return {part: pairs(np.flatnonzero(raw.parts == number)) for number, part in enumerate(raw.part_names)}


def _compare(name: str, counts: Mapping[str, int], expected: Mapping[str, int]) -> None:
    different = [
        f"{what}: {counts.get(what, 0)}, published {number}"
        for what, number in expected.items()
        if counts.get(what, 0) != number
    ]
    if different:
        raise UserError(
            f"The files of {name} are not the published ones: {'; '.join(different)}. Numbers of two cuts cannot be "
            f"compared. If these files are meant, give them a name of their own: data.name=NAME data.expected=null"
        )

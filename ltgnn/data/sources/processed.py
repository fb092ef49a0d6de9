"""What ``ltgnn data import`` and ``ltgnn data split`` write: Parquet tables of interactions, items and users."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from ltgnn.data.event_fields import FIELD
from ltgnn.data.parquet import Parquet
from ltgnn.data.raw import Raw
from ltgnn.data.rows import PART_ORDER, RowTable
from ltgnn.data.tables import NodeTable, assemble
from ltgnn.types import Damaged, Relation

INTERACTIONS, ITEMS, USERS, CARD = "interactions.parquet", "items.parquet", "users.parquet", "data_card.json"
RELATIONS = "relations.json"


@dataclass(frozen=True)
class Processed:
    """A data set that ltgnn wrote, in the order of its ids."""

    time_unit: Literal["auto", "s", "ms", "us", "ns"] = (
        "s"  # as ltgnn writes them; ms, us, ns, auto for a folder of another hand
    )
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]

    def __call__(self, folder: Path) -> Raw:
        interactions, items, users = (Parquet(folder / name) for name in (INTERACTIONS, ITEMS, USERS))
        columns = interactions.schema
        rows = RowTable(
            {"all": interactions},
            "user",
            "item",
            time="time" if "time" in columns else None,
            time_unit=self.time_unit,
            missing=self.missing,
            label="part",
            labels={part: part for part in PART_ORDER},
            drop_incomplete=bool(self.missing),
            events={"weight": 1.0} if "weight" in columns else {},
            fields={name.removeprefix(FIELD): name for name in columns if name.startswith(FIELD)},
        )
        fields = {name: name for name, kind in items.schema.items() if not kind.is_numeric() and name != "id"}
        numbers = {name: name for name, kind in items.schema.items() if kind.is_numeric()}
        user_fields = {name: name for name in users.schema if name != "id"}
        raw = assemble(rows, NodeTable(items, "id", fields, numbers), NodeTable(users, "id", user_fields))
        vectors = {file.stem: np.load(file, mmap_mode="r") for file in sorted(folder.glob("*.npy"))}
        card = folder / CARD
        history = _card(card) if card.is_file() else {}
        notes = {**raw.notes, "processed from": history}
        if unit := history.get("times", {}).get("unit"):
            notes["time unit"] = unit  # of the files that it was made of
        return replace(raw, item_vectors=vectors, relations=_relations(folder / RELATIONS), notes=notes)


def _relations(file: Path) -> dict[str, Relation]:
    if not file.is_file():
        return {}
    try:
        return {
            name: Relation(
                torch.tensor(one["items"], dtype=torch.int64), torch.tensor(one["others"], dtype=torch.int64),
                int(one["num_others"]), str(one["kind"]), tuple(one["other_ids"]),
            )
            for name, one in json.loads(file.read_text(encoding="utf-8")).items()
        }  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"{file} is damaged ({error!r}). Write the folder anew, or delete this file.") from error


def _card(file: Path) -> dict[str, Any]:
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{file} is damaged ({error}). Delete it: the data are in the other files.") from error
    if not isinstance(card, dict):
        raise Damaged(f"{file} is not a data card. Delete it: the data are in the other files.")
    return card

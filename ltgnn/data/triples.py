"""Triples (head, relation, tail), of which an end or both are items, as relations of the items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import polars as pl
import torch

from ltgnn.data.columns import Column, Kind, MissingValue, TableFile
from ltgnn.data.raw import Raw
from ltgnn.types import ITEM, Relation, UserError

LEFT_OUT = "left out"
"""Key of a source's notes: what it left out, and how often."""

BETWEEN_ITEMS = "_items"
"""What the name of a relation ends in where both of its ends are items."""


class Related(NamedTuple):
    """What a source of relations found."""

    relations: dict[str, Relation]
    notes: dict[str, Any]  # for the data card; below ``LEFT_OUT`` counts


class RelationSource(Protocol):
    """Finds relations of the items that a reader has read: an entry of ``data.relations``."""

    def __call__(self, folder: Path, raw: Raw, option: str) -> Related:
        """``option``: what this source is called in the configuration, for messages."""
        ...


@contextmanager
def name_option(option: str) -> Iterator[None]:
    """Messages that name an option of the reader of interactions name that of a source of relations instead."""
    try:
        yield
    except UserError as error:
        raise UserError(str(error).replace("data.reader", option)) from error


def read_texts(
    file: TableFile, columns: Mapping[str, str], missing: Sequence[str], drop_incomplete: bool, option: str
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Columns of ids, role -> column of the file, and notes; each combination once, in the order of the file.

    ``UserError`` for a row without one of the ids, unless these are dropped and counted.
    """
    wanted = {role: Column(column, Kind.ID, missing=missing) for role, column in columns.items()}
    try:
        frame, dropped = file.read(wanted, drop_incomplete)
    except MissingValue as error:
        raise UserError(f"{error} To drop such rows: {option}.drop_incomplete=true") from error
    except UserError as error:
        raise UserError(str(error).replace("data.reader", option)) from error
    unique = frame.unique(maintain_order=True)
    gone = {"rows without a required value": dropped, "rows that repeat another": len(frame) - len(unique)}
    return unique, {**file.notes(), "rows": len(frame) + dropped, LEFT_OUT: gone}


def choose_types(triples: pl.DataFrame, types: Mapping[str, str], place: str, option: str) -> pl.DataFrame:
    """The triples of the relations named (our name -> theirs), by our names; of all of them where none is named."""
    if not types:
        return triples
    there = triples["relation"].unique().sort().to_list()
    for ours, theirs in types.items():
        if theirs not in there:
            raise UserError(
                f"{option}.types.{ours}={theirs}: {place} has no such relation; it has: {', '.join(there[:40])}"
                f"{' ...' if len(there) > 40 else ''}."
            )
    names = pl.DataFrame({"relation": list(types.values()), "ours": list(types)})
    return triples.join(names, on="relation", how="inner", maintain_order="left").select(
        "head", pl.col("ours").alias("relation"), "tail"
    )


def relate(triples: pl.DataFrame, heads: pl.DataFrame, tails: pl.DataFrame, num_items: int, kind: str) -> Related:
    """The relations of some triples (``head``, ``relation``, ``tail``), each once.

    ``heads``, ``tails``: number of the ``item`` that an ``id`` there stands for. An end that is no item is an entity of
    the ``kind``, whatever the relation and whichever the end. Where both ends are items the relation is another one,
    ``NAME_items``. Triples without an item are counted and left out.
    """
    found = triples.join(heads.rename({"id": "head", "item": "h"}), on="head", how="left", maintain_order="left")
    found = found.join(tails.rename({"id": "tail", "item": "t"}), on="tail", how="left", maintain_order="left")
    nobody = found["h"].is_null() & found["t"].is_null()
    itself = (found["h"] == found["t"]).fill_null(False)
    inside = found.filter(found["h"].is_not_null() & found["t"].is_not_null() & ~itself)
    outside = found.filter(found["h"].is_null() != found["t"].is_null()).select(
        "relation",
        item=pl.coalesce("h", "t"),
        entity=pl.when(pl.col("h").is_null()).then("head").otherwise("tail"),
    )
    edges = outside.unique(maintain_order=True)
    ids = edges["entity"].unique().sort()
    numbers = pl.DataFrame({"entity": ids}).with_row_index("other")
    edges = edges.join(numbers, on="entity", how="left", maintain_order="left")
    relations: dict[str, Relation] = {}
    names = triples["relation"].unique().sort().to_list()
    if kind == ITEM or any(f"{name}{BETWEEN_ITEMS}" in names for name in names):
        raise UserError(
            f"relations {', '.join(names[:20])} to the kind '{kind}': '{ITEM}' is the kind of items, and a name "
            f"that is another one with {BETWEEN_ITEMS} is needed for edges between items. Set another kind, or types."
        )
    for name in names:
        to_entities = edges.filter(pl.col("relation") == name)
        between = inside.filter(pl.col("relation") == name)
        if len(to_entities):
            ends = numbers_of(to_entities["item"]), numbers_of(to_entities["other"])
            relations[name] = Relation(*ends, len(ids), kind, tuple(ids))
        if len(between):
            ends = numbers_of(between["h"]), numbers_of(between["t"])
            relations[f"{name}{BETWEEN_ITEMS}"] = Relation(*ends, num_items, ITEM)
    gone = {
        "triples without an item": int(nobody.sum()),
        "triples of an item with itself": int(itself.sum()),
        "triples whose turned-round form is there": len(outside) - len(edges),
    }
    return Related(relations, {LEFT_OUT: gone})


def numbers_of(column: pl.Series) -> torch.Tensor:
    """Whole numbers as a tensor.  [n] int64"""
    return torch.tensor(column.to_list(), dtype=torch.int64)


def item_numbers(raw: Raw) -> pl.DataFrame:
    """Columns ``id`` and ``item``: the number of each item."""
    return pl.DataFrame({"id": raw.item_ids}).with_row_index("item")


NO_ITEMS = pl.DataFrame({"id": [], "item": []}, schema={"id": pl.String, "item": pl.UInt32})
"""Where no end is an item."""

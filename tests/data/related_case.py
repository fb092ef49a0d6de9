"""What tests of related share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import torch

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.raw import Raw
from ltgnn.types import Dataset, Relation

BRANDS = ("acme", "bolt", "nobody")

EDGES = {("a", "acme"), ("b", "bolt"), ("c", "acme"), ("d", "bolt"), ("e", "acme")}

NEXT = {("a", "b"), ("b", "c"), ("d", "a"), ("e", "a")}

ITEMS = ("a", "b", "c", "d", "e")


def relation(edges: set[tuple[str, str]], others: tuple[str, ...], kind: str, ids: tuple[str, ...] = ()) -> Relation:
    rows = torch.tensor([(ITEMS.index(item), others.index(other)) for item, other in sorted(edges)])
    return Relation(rows[:, 0], rows[:, 1], len(others), kind, ids)


def raw(**changes: object) -> Raw:
    """Items b and e have no interaction."""
    pairs = np.array([(user, item) for user in range(3) for item in (0, 2, 3)], dtype=np.int32)
    found = Raw(
        pairs[:, 0].copy(),
        pairs[:, 1].copy(),
        pl.Series(["u", "v", "w"]),
        pl.Series(ITEMS),
        relations={"brand": relation(EDGES, BRANDS, "brand", BRANDS), "then": relation(NEXT, ITEMS, "item")},
        images={item: Path(f"{item}.jpg") for item in "abd"},
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def dataset(keep: bool = False, **changes: object) -> Dataset:
    return load(lambda: Path(), lambda folder: raw(**changes), Cleaning(None, None, None, 1, 1, False, keep), "shop")


def in_words(data: Dataset, name: str) -> set[tuple[str, str]]:
    """The edges of a relation by raw ids."""
    one = data.relations[name]
    ids = data.item_ids if one.kind == "item" else one.other_ids
    return {(data.item_ids[i], ids[o]) for i, o in zip(one.items.tolist(), one.others.tolist(), strict=True)}

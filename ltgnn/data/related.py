"""What is known of items besides columns: relations to entities and to each other, and images."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ltgnn.data.raw import Raw
from ltgnn.data.triples import LEFT_OUT, RelationSource
from ltgnn.io.pluralize import pluralize
from ltgnn.types import ITEM, Relation, UserError

OPTION = "data.relations"
"""Config section with the sources of relations, and where the notes of each stand on the card."""


def add_relations(raw: Raw, folder: Path, sources: Mapping[str, RelationSource]) -> None:
    """The relations that the ``sources`` find for the items of ``raw``, with those that its reader gave."""
    for key, source in sources.items():
        found = source(folder, raw, f"{OPTION}.{key}")
        for name in found.relations.keys() & raw.relations.keys():
            raise UserError(
                f"{OPTION}.{key}: the relation '{name}' is there already; give it another name ({OPTION}.{key}.types) "
                f"or leave it out."
            )
        raw.relations = {**raw.relations, **found.relations}
        raw.notes = {**raw.notes, "relations": {**raw.notes.get("relations", {}), key: found.notes}}


def count_left_out(raw: Raw) -> dict[str, int]:
    """What the sources of relations left out, and how often, over all of them."""
    found: dict[str, int] = {}
    for about in raw.notes.get("relations", {}).values():
        for notes in (about, about.get("links", {})):
            for what, number in notes.get(LEFT_OUT, {}).items():
                named = f"{what} (relations)" if what.startswith("rows") else what
                found[named] = found.get(named, 0) + number
    return found


def refuse_wrong_items(name: str, raw: Raw) -> None:
    """``UserError`` for a relation that names an item past the last, and for relations that number a kind apart.

    Images of items that the data set does not know are left out.
    """
    sizes = {ITEM: len(raw.item_ids)}
    for key, relation in raw.relations.items():
        if len(relation) and not (int(relation.items.min()) >= 0 and int(relation.items.max()) < sizes[ITEM]):
            raise UserError(
                f"{name}: the relation '{key}' has items {int(relation.items.min())} to {int(relation.items.max())}, "
                f"but the data set has {sizes[ITEM]} (0 to {sizes[ITEM] - 1}): mend its reader (data.reader)."
            )
        if relation.num_others != (size := sizes.setdefault(relation.kind, relation.num_others)):
            raise UserError(
                f"{name}: the relation '{key}' counts {relation.num_others} of '{relation.kind}', another one {size}: "
                "relations to the same kind have to number its members alike (data.reader)."
            )
    if raw.images:
        known = set(raw.item_ids)
        raw.images = {item: file for item, file in raw.images.items() if item in known}


def describe_related(raw: Raw) -> dict[str, Any]:
    """For the card; empty where there are neither relations nor images."""
    relations = {
        name: f"{pluralize(len(one), 'edge')} of {pluralize(items, 'item')} to {one.num_others:,} of {one.kind}"
        for name, one in raw.relations.items()
        for items in [len(torch.unique(one.items))]
    }
    images = f"of {pluralize(len(raw.images), 'item')}" if raw.images else ""
    return {key: value for key, value in (("relations", relations), ("images", images)) if value}


def add_related(found: hashlib._Hash, raw: Raw) -> None:
    """Relations, the order of whose edges does not matter, and names of images into the sha256 of a data set."""
    for name, one in sorted(raw.relations.items()):
        found.update(f"relation {name} to {one.num_others} {one.kind}".encode())
        found.update("\0".join(one.other_ids).encode())
        found.update(np.ascontiguousarray(edges_in_order(one).numpy()).data)
    for item, file in sorted(raw.images.items()):
        found.update(f"image {item} {file.name}".encode())


def edges_in_order(relation: Relation) -> torch.Tensor:
    """Its edges as ``item * num_others + other``, ascending.  [M] int64"""
    return (relation.items.long() * relation.num_others + relation.others).sort().values

"""Blocks of features: which columns are of which kind, and which items have it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ltgnn.types import Block, Features


def as_block(features: Features, name: str, known: Tensor) -> Features:
    """The features as one block of that name; ``known`` [I] bool: the items that have it."""
    return features._replace(blocks={name: Block(slice(0, features.values.shape[1]), known)})


def join_blocks(parts: Mapping[str, Features]) -> dict[str, Block]:
    """The blocks of features side by side, in the order of the columns.

    A part with one block gives it the name of the part; with several, ``PART.BLOCK``. A part that states none is one
    block, which an item has where its row is not zero.
    """
    found: dict[str, Block] = {}
    start = 0
    for name, part in parts.items():
        width = part.values.shape[1]
        blocks = part.blocks or {name: Block(slice(0, width), part.values.any(1))}
        for inner, (columns, known) in blocks.items():
            place = slice(start + columns.start, start + columns.stop)
            found[name if len(blocks) == 1 else f"{name}.{inner}"] = Block(place, known)
        start += width
    return found


def extend(features: Features, rows: Tensor) -> Features:
    """The features with ``rows`` [n, D] of further items, which have a block where it is not zero."""
    blocks = {
        name: Block(columns, torch.cat([known, rows[:, columns].any(1)]))
        for name, (columns, known) in features.blocks.items()
    }
    return Features(torch.cat([features.values, rows]), features.card, blocks)

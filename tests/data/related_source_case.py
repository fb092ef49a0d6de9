"""What tests of sources of relations share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.raw import Raw
from ltgnn.types import Dataset
from tests.data.readers import CONF

ITEMS = ("1", "2", "3", "4")


def source(option: str, **changes: Any) -> Any:
    """The source of ``conf/data/relations/<option>.yaml``."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+data/relations={option}", "+data.name=toy"])
    (node,) = cfg.data.relations.values()
    return instantiate({**node, **changes}, _convert_="all")


def raw(folder: Path = Path(), **fields: list[str]) -> Raw:
    """Two users and four items, of which the last one has no interaction."""
    pairs = np.array([(user, item) for user in range(2) for item in range(3)], dtype=np.int32)
    texts = {name: pl.Series(values) for name, values in fields.items()}
    users, items = pairs[:, 0].copy(), pairs[:, 1].copy()
    return Raw(users, items, pl.Series(["u", "v"]), pl.Series(ITEMS), item_fields=texts)


def dataset(folder: Path, keep: bool = True, reader: Any = raw, **sources: Any) -> Dataset:
    """Loaded with these sources of relations."""
    return load(lambda: folder, reader, Cleaning(None, None, None, 1, 1, False, keep), "toy", relations=sources)


def in_words(data: Dataset) -> dict[str, set[tuple[str, str]]]:
    """The edges of each relation by raw ids."""
    found = {}
    for name, one in data.relations.items():
        ids = data.item_ids if one.kind == "item" else one.other_ids
        pairs = zip(one.items.tolist(), one.others.tolist(), strict=True)
        found[name] = {(data.item_ids[i], ids[o]) for i, o in pairs}
    return found

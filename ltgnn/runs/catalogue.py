"""The entities of a run folder by number: items with ids, titles, train counts and groups; a few example users.

Small compared with the checkpoint (tens of bytes per item), and it makes ``topk.parquet`` readable without the data
set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ltgnn.runs.folder import RunFolder
from ltgnn.types import Dataset, Groups, Interactions, Split

TITLES = ("title", "name", "movie_title")
LONGEST = 120  # characters of a title
EXAMPLES = 6
HISTORY = 10


def write_catalogue(folder: RunFolder, dataset: Dataset, split: Split, groups: Mapping[str, Groups]) -> None:
    """``items.parquet``: item, id, title, train count, group by policy; ``examples.json``: users and what they did."""
    import polars as pl

    labels = {name: [policy.names[label] for label in policy.labels.tolist()] for name, policy in groups.items()}
    columns = {
        "item": range(dataset.num_items),
        "id": [str(raw) for raw in dataset.item_ids],
        "title": titles(dataset),
        "train_count": split.train.item_counts.numpy(),
        **{f"group_{name}": pl.Series(words, dtype=pl.Categorical) for name, words in labels.items()},
    }
    folder.write_parquet("items.parquet", pl.DataFrame(columns))
    folder.write_json("examples.json", examples(dataset, split, groups))


def titles(dataset: Dataset) -> list[str]:
    """One line per item: its title, else its first text field, else nothing."""
    fields = dataset.item_fields
    name = next((name for name in TITLES if name in fields), next(iter(fields), None))
    texts = [""] * dataset.num_items if name is None else [" ".join(text.split()) for text in fields[name]]
    return [text if len(text) <= LONGEST else text[: LONGEST - 1] + "…" for text in texts]


def examples(dataset: Dataset, split: Split, groups: Mapping[str, Groups]) -> dict[str, Any]:
    """Users to show: from the shortest train history to the longest, with a tail item held out where there is one.

    The choice depends only on the split, so that all runs on it show the same users.
    """
    train, test = split.train, split.test
    candidates = test.users.unique()
    for policy in groups.values():
        if "tail" in policy.names:
            rare = policy.labels[test.items] == policy.names.index("tail")
            candidates = test.users[rare].unique() if bool(rare.any()) else candidates
            break
    ranked = candidates[torch.argsort(train.user_counts[candidates], stable=True)]
    places = torch.linspace(0, max(0, len(ranked) - 1), min(EXAMPLES, len(ranked))).round().long().unique()
    return {
        "order": "latest first" if train.times is not None else "by item number",
        "users": [
            {
                "user": user,
                "id": str(dataset.user_ids[user]),
                "size": int(train.user_counts[user]),
                "history": _items_of(train, user, HISTORY),
                "held_out": _items_of(test, user, None),
            }
            for user in ranked[places].tolist()
        ],
    }


def _items_of(pairs: Interactions, user: int, most: int | None) -> list[int]:
    """Items of a user, the latest first where times are known."""
    rows: Tensor = (pairs.users == user).nonzero().flatten()
    if pairs.times is not None:
        rows = rows[torch.argsort(pairs.times[rows], descending=True, stable=True)]
    found: list[int] = pairs.items[rows].tolist()
    return found[:most]

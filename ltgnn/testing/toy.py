"""Small seeded data for the cases: interactions, item features, groups of items, a graph, a batch, a data set."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.types import Batch, Dataset, Encoded, Groups, Interactions, Split

USERS, ITEMS = 12, 16
COLD = ITEMS - 1
"""The item without a train interaction."""
PLAIN = ITEMS - 2
"""An item whose features are all 0."""
DAY = 86400.0


def random(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Standard normal numbers, the same for a seed.  [shape]"""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def interactions(seed: int = 0) -> Interactions:
    """Train pairs of 12 users and 16 items, 2 to 6 a user, the first items more popular; item 15 is cold."""
    generator = torch.Generator().manual_seed(seed)
    appeal = 1 / torch.arange(1, ITEMS + 1).float()
    appeal[COLD] = 0
    rows = [torch.multinomial(appeal, 2 + user % 5, generator=generator).sort().values for user in range(USERS)]
    users = torch.repeat_interleave(torch.arange(USERS), torch.tensor([len(row) for row in rows]))
    items = torch.cat(rows)
    return Interactions(users, items, USERS, ITEMS, times=DAY * torch.arange(len(items), dtype=torch.float64))


def held_out(seed: int = 0) -> Interactions:
    """Two further items of each user.  [2 U]"""
    train = interactions(seed)
    seen = torch.zeros(USERS, ITEMS, dtype=torch.bool)
    seen[train.users, train.items] = True
    chosen = random(USERS, ITEMS, seed=seed + 1).masked_fill(seen, -torch.inf).topk(2, dim=1).indices.sort(1).values
    return Interactions(torch.repeat_interleave(torch.arange(USERS), 2), chosen.flatten(), USERS, ITEMS)


def split() -> Split:
    """Train pairs, no validation, the held-out pairs as test."""
    none = torch.empty(0, dtype=torch.int64)
    return Split(interactions(), Interactions(none, none, USERS, ITEMS), held_out(), "toy")


def features(width: int = 6, seed: int = 2) -> Tensor:
    """Item features, all 0 for item 14.  [I, width] float32"""
    values = random(ITEMS, width, seed=seed)
    values[PLAIN] = 0
    return values


def groups() -> Groups:
    """Head: at least 4 train interactions; tail: fewer; cold: none."""
    counts = interactions().item_counts
    labels = torch.where(counts >= 4, 0, torch.where(counts > 0, 1, 2)).to(torch.int8)
    return Groups("toy", ("head", "tail", "cold"), labels, "at least 4 train interactions, fewer, none")


def graph() -> BipartiteGraph:
    """LightGCN's graph of the train pairs, in float32."""
    return BipartiteGraph(interactions(), Symmetric(), kernel=None)


def batch(rows: int = 8, negatives: int = 3) -> Batch:
    """Some train pairs with random negatives and the chance of each item; several rows share a user or an item."""
    train = interactions()
    chosen = torch.arange(0, len(train), max(1, len(train) // rows))[:rows]
    neg = torch.randint(ITEMS, (rows, negatives), generator=torch.Generator().manual_seed(3))
    return Batch(train.users[chosen], train.items[chosen], neg, torch.full((ITEMS,), 1 / ITEMS, dtype=torch.float64))


def encoded(width: int = 4, seed: int = 4) -> Encoded:
    """States of all users and items, two layers and projected features, all random, in float64."""
    nodes = [random(USERS + ITEMS, width, seed=seed + layer, dtype=torch.float64) for layer in range(3)]
    users, items = nodes[0].split([USERS, ITEMS])
    return Encoded(users, items, (nodes[1], nodes[2]), random(ITEMS, width, seed=seed + 3, dtype=torch.float64))


def dataset(seed: int = 5) -> Dataset:
    """A data set with titles, a price and vectors of its items."""
    generator = torch.Generator().manual_seed(seed)
    words = ("river", "castle", "engine", "garden", "winter", "paper")
    picks = torch.randint(len(words), (ITEMS, 3), generator=generator).tolist()
    titles = [" ".join(words[pick] for pick in row) for row in picks]
    return Dataset(
        "toy",
        {"all": interactions()},
        [f"u{user}" for user in range(USERS)],
        [f"i{item}" for item in range(ITEMS)],
        item_fields={"title": titles, "category": [title.split()[0] for title in titles]},
        item_numbers={"price": random(ITEMS, seed=seed).abs()},
        item_vectors={"image": random(ITEMS, 3, seed=seed)},
    )


def frames(users: int = 40, items: int = 30, seed: int = 6) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Interactions and items as dicts of columns: 12 events a user, mostly of one topic, popularity skewed."""
    generator = torch.Generator().manual_seed(seed)
    topics = ("river", "castle", "engine")
    appeal = 1 / torch.arange(1, items + 1).float().sqrt()
    events: dict[str, list[Any]] = {"user_id": [], "item_id": [], "timestamp": []}
    for user in range(users):
        liked = torch.where(torch.arange(items) % len(topics) == user % len(topics), 4.0, 0.4)
        for place, item in enumerate(torch.multinomial(appeal * liked, 12, generator=generator).tolist()):
            events["user_id"].append(f"u{user}")
            events["item_id"].append(f"i{item}")
            events["timestamp"].append(DAY * (1 + place + user % 5))
    titles = [f"the {topics[item % len(topics)]} number {item}" for item in range(items)]
    prices = [round(5 + 3 * float(value), 2) for value in random(items, seed=seed).abs()]
    return events, {"item_id": [f"i{item}" for item in range(items)], "title": titles, "price": prices}

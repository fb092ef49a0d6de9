"""A reason for each recommended item: a fact of the data that a customer can read.

Reasons name co-purchased and similar items; how the model arrived at a score is another question, which
``ltgnn explain`` answers exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn import functional as F

from ltgnn.data.groups import ItemShare
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Interactions

HEAD = ItemShare("items20", ["head", "tail"], [0.2, 0.8], "items")
NEIGHBOURS = 50
SHORT = 60  # characters of a title within a reason


class Reasons:
    """For item ``i`` on the list of user ``u``, the first of these that is true:

    1. the train item ``j`` of ``u`` with the greatest cosine ``n_ij / sqrt(n_i n_j)`` of common users, among the
       ``NEIGHBOURS`` nearest of ``i``: ``recommended because you have "j", as 12 of the 40 users of this item do``;
    2. the train item of ``u`` with the most similar text, likewise: ``recommended because it is similar to "j", which
       you have (similarity 0.81)``;
    3. ``popular: 40 users have it`` for an item of the head (``items20``), ``2 users have it`` for one of the tail,
       ``new: no user has it yet`` for one without a train interaction.

    Neighbours are found when an item is first recommended, and kept.
    """

    def __init__(self, train: Interactions, features: Tensor | None, titles: Sequence[str]) -> None:
        self.counts, self.titles, self.num_items = train.item_counts, titles, train.num_items
        self.popular = HEAD(train.item_counts).labels == 0  # [I]
        ones: Any = np.ones(len(train), np.float32)
        shape = (train.num_users, train.num_items)
        self.rows = csr_matrix((ones, (train.users.numpy(), train.items.numpy())), shape)
        self.columns = self.rows.tocsc()
        self.features = None if features is None else F.normalize(features.float(), dim=1)
        self.k = min(NEIGHBOURS, self.num_items)
        self.known = torch.zeros(self.num_items, dtype=torch.bool)
        self.together = torch.full((self.num_items, self.k), -1, dtype=torch.int32)  # nearest by common users
        self.common = torch.zeros(self.num_items, self.k, dtype=torch.int32)
        self.alike = torch.full((self.num_items, self.k if features is not None else 0), -1, dtype=torch.int32)
        self.cosines = torch.zeros(self.alike.shape)

    def __call__(self, users: Tensor, items: Tensor) -> list[list[str]]:
        """Users [B], -1 for one without a history; their items [B, k], -1 for none -> a reason each."""
        self._learn(torch.unique(items[items >= 0]))
        return [
            [self._reason(user, item) if item >= 0 else "" for item in row]
            for user, row in zip(users.tolist(), items.tolist(), strict=True)
        ]

    def _reason(self, user: int, item: int) -> str:
        history = self.rows.indices[self.rows.indptr[user] : self.rows.indptr[user + 1]] if user >= 0 else []
        count = int(self.counts[item])
        if len(history):
            place = find_first(self.together[item].numpy(), history)
            if place is not None:
                other = int(self.together[item, place])
                common = int(self.common[item, place])
                return f'recommended because you have "{self._title(other)}", as {_do(common, count)}'
            place = find_first(self.alike[item].numpy(), history)
            if place is not None:
                title, cosine = self._title(int(self.alike[item, place])), float(self.cosines[item, place])
                return f'recommended because it is similar to "{title}", which you have (similarity {cosine:.2f})'
        if not count:
            return "new: no user has it yet"
        users = pluralize(count, "user has it", "users have it")
        return f"popular: {users}" if self.popular[item] else users

    def _title(self, item: int) -> str:
        title = " ".join(self.titles[item].split())
        return title if len(title) <= SHORT else title[: SHORT - 1].rstrip() + "…"

    def _learn(self, items: Tensor) -> None:
        """Neighbours of items that were not met before, in blocks."""
        for new in items[~self.known[items]].split(256):
            both = torch.from_numpy((self.columns[:, new.numpy()].T @ self.rows).toarray())  # [n, I]
            counts = self.counts.clamp_min(1).float()
            near = both / (counts[new, None] * counts).sqrt()
            near[torch.arange(len(new)), new] = 0
            top = near.topk(self.k, dim=1)
            self.together[new] = top.indices.masked_fill(top.values <= 0, -1).int()
            self.common[new] = both.gather(1, top.indices).int()
            if self.features is not None:
                likeness = self.features[new] @ self.features.T
                likeness[torch.arange(len(new)), new] = -1
                best = likeness.topk(self.k, dim=1)
                self.alike[new] = best.indices.masked_fill(best.values <= 0, -1).int()
                self.cosines[new] = best.values
            self.known[new] = True


def _do(common: int, count: int) -> str:
    """``12 of the 40 users of this item do``"""
    if count == 1:
        return "its only user does"
    return f"{common} of the {count} users of this item do{'es' * (common == 1)}"


def find_first(neighbours: Any, history: Any) -> int | None:
    """Place of the first neighbour that is in the history."""
    found = np.flatnonzero(np.isin(neighbours, history))
    return int(found[0]) if found.size else None

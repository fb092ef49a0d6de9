"""Lists for many users of a large catalogue, from items that an index proposes; what is lost is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ltgnn.evaluation.exact_topk import decode_keys, largest, side_by_side
from ltgnn.evaluation.topk import top_k
from ltgnn.inference.search.index import KINDS
from ltgnn.scoring.forms import decompose
from ltgnn.tensors.csr import Csr, csr_rows
from ltgnn.types import Scorer, SparseScores, TopK, UserError

NEAREST = 4
"""Items that the index proposes for each place of a list, at least ``FEWEST``: some are in the history."""

FEWEST = 100


PAIRS = 1 << 18
"""Pairs of a user and an item that are scored at once."""


class ApproximateLists:
    """Lists of a score that is a sum of inner products, sparse item weights and numbers of the items.

    Proposed are the items with a weight from the history, and those with the largest inner products in an index: a
    further coordinate makes all item vectors equally long, so that the nearest are those (Bachrach et al., RecSys
    2014). The score of what is proposed is exact; an item that nothing proposes is lost. ``kind``: of the index.
    """

    def __init__(self, scorer: Scorer, kind: str, block_mib: float) -> None:
        tables = decompose(scorer)
        if tables is None or any(
            one.factors is None and one.sparse_scores is None and one.item_bias is None for one in tables
        ):
            raise UserError(
                f"index={kind}: the score of this model is not a sum of inner products and sparse item weights: "
                "index=exact."
            )
        if kind not in KINDS:
            raise UserError(f"index={kind} given, one of exact, {', '.join(KINDS)} wanted")
        self.scorer, self.kind, self.block_mib = scorer, kind, block_mib
        self.sparse: list[SparseScores] = [one.sparse_scores for one in tables if one.sparse_scores is not None]
        factors = join_factors(tables)
        if factors is None:
            raise UserError(
                f"index={kind}: the score of this model has no inner product, so it needs none: index=exact."
            )
        self.users, self.items = factors
        self.num_items = len(self.items)
        lengths = self.items.norm(dim=1)
        self.longest = float(lengths.max().clamp_min(1e-12))
        missing = (self.longest**2 - lengths.square()).clamp_min(0).sqrt()
        unit = torch.cat([self.items, missing[:, None]], 1) / self.longest
        known = scorer.candidates
        self.places = None if known is None else torch.nonzero(known)[:, 0]  # of the index, in the catalogue
        self.nearest = KINDS[kind]((unit if self.places is None else unit[self.places]).contiguous())

    def lists(self, users: Tensor, seen: Csr, k: int) -> TopK:
        """The ``k`` best proposed items of each user, best first, ties by smaller item id; as ``top_k`` else."""
        entries = [sorted_entries(scores(users), self.num_items) for scores in self.sparse]
        row, item = self._propose(users, seen, k, [keys for keys, _ in entries])
        scores = self._score(users, row, item, entries)
        keys = side_by_side(len(users), k, row.numpy(), scores, item)
        items, values = decode_keys(largest(keys, k).sort(1, descending=True).values)
        short = torch.nonzero(torch.bincount(row, minlength=len(users)) < k)[:, 0]
        if len(short):  # of users with a history longer than what the index proposes
            exact = top_k(self.scorer, users[short], seen, self.num_items, k, self.block_mib)
            items[short], values[short] = exact.items, exact.scores
        return TopK(users, items, values)

    def recall(self, users: Tensor, seen: Csr, k: int) -> float:
        """Share of the exact lists of ``users`` that these lists have."""
        found, exact = self.lists(users, seen, k), top_k(self.scorer, users, seen, self.num_items, k, self.block_mib)
        there = exact.items >= 0
        hits = (exact.items[:, :, None] == found.items[:, None, :]).any(2) & there
        return float(hits.sum() / there.sum().clamp_min(1))

    def _propose(self, users: Tensor, seen: Csr, k: int, with_weight: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Pairs of a place in ``users`` and an item that is a candidate of the user, ascending and once each."""
        states = self.users[users]
        states = torch.cat([states, states.new_zeros(len(states), 1)], 1)
        many = self.num_items if self.places is None else len(self.places)
        near, _ = self.nearest(states, min(max(FEWEST, NEAREST * k), many))
        near = near if self.places is None else self.places[near]
        pairs = [(torch.arange(len(users))[:, None] * self.num_items + near).flatten()]
        known = self.scorer.candidates
        pairs += [keys if known is None else keys[known[keys % self.num_items]] for keys in with_weight]
        place, history = csr_rows(seen, users)
        found = torch.unique(torch.cat(pairs))
        found = found[~torch.isin(found, place * self.num_items + history)]
        return found // self.num_items, found % self.num_items

    def _score(self, users: Tensor, row: Tensor, item: Tensor, entries: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """The scores of pairs of a place in ``users`` and an item.  [n], [n] -> [n] float32"""
        chosen, found = users[row], torch.empty(len(row))
        for part in torch.arange(len(row)).split(PAIRS):
            found[part] = (self.users[chosen[part]] * self.items[item[part]]).sum(1)
        wanted = row * self.num_items + item
        for keys, values in entries:
            if len(keys):
                at = torch.searchsorted(keys, wanted).clamp_max(len(keys) - 1)
                found += torch.where(keys[at] == wanted, values[at], 0.0)
        return found


def join_factors(tables: Sequence[Scorer]) -> tuple[Tensor, Tensor] | None:
    """Users [U, D] and items [I, D] whose inner products are those of all tables, and their numbers of the items.

    None: no table has any.
    """
    found = [one.factors for one in tables if one.factors is not None]
    if not found:
        return None
    users, items = [one for one, _ in found], [table.T for _, table in found]
    for bias in (one.item_bias for one in tables):
        if bias is not None:
            users.append(torch.ones(len(users[0]), 1))
            items.append(bias[:, None])
    return torch.cat(users, 1), torch.cat(items, 1).contiguous()


def sorted_entries(scores: Any, num_items: int) -> tuple[Tensor, Tensor]:
    """Keys ``row I + item`` of sparse scores, ascending, and values.  scipy CSR [n, I] -> [e] int64, [e] float32"""
    scores.sort_indices()
    rows = np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))
    return torch.from_numpy(rows * num_items + scores.indices), torch.from_numpy(scores.data.astype(np.float32))

"""Lists for many users of a large catalogue, from items that an index proposes; what is lost is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from ltgnn.evaluation.exact_topk import NO_KEY, decode_keys, largest, side_by_side
from ltgnn.evaluation.sparse_topk import exclude
from ltgnn.evaluation.topk import top_k
from ltgnn.inference.search.index import KINDS
from ltgnn.scoring.forms import decompose
from ltgnn.tensors.csr import Csr, csr_rows
from ltgnn.tensors.threads import in_threads
from ltgnn.types import Scorer, SparseScores, TopK, UserError

NEAREST = 4
"""Items that the weights and the index propose, each, for a place of a list, at least ``FEWEST``."""

FEWEST = 100

ROWS = 256
"""Users whose sparse scores are sorted at once."""

PART = 512
"""Users whose lists are made by one thread at a time."""

PAIRS = 1 << 18
"""Pairs of a user and an item that are scored at once."""


class ApproximateLists:
    """Lists of a score that is a sum of inner products, sparse item weights and numbers of the items.

    Proposed are the items with the largest sums of weights from the history, and those with the largest inner products
    in an index: a further coordinate makes all item vectors equally long, so that the nearest are those (Bachrach et
    al., RecSys 2014). The score of what is proposed is exact; an item that nothing proposes is lost. ``kind``: of the
    index.
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
        many = max(FEWEST, NEAREST * k)
        near = self._near(users, many)
        items, values = torch.empty(len(users), k, dtype=torch.int64), torch.empty(len(users), k)
        proposed = torch.empty(len(users), dtype=torch.int64)

        def work(first: int) -> None:
            part = slice(first, first + PART)
            sparse = self._sparse_scores(users[part], seen)
            pairs = self._propose(near[part], sparse, many)
            row, item, scores = self._score(users[part], *pairs, sparse)
            proposed[part] = torch.bincount(row, minlength=len(near[part]))
            keys = side_by_side(len(near[part]), k, row.numpy(), scores, item)
            items[part], values[part] = decode_keys(largest(keys, k).sort(1, descending=True).values)

        in_threads(work, range(0, len(users), PART))
        short = torch.nonzero(proposed < k)[:, 0]
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

    def _sparse_scores(self, users: Tensor, seen: Csr) -> Any:
        """The sum of the sparse weights, -inf where the user has the item.  scipy CSR [n, I], columns ascending"""
        none: Any = csr_matrix((len(users), self.num_items), dtype=np.float32)
        found = exclude(sum((scores(users) for scores in self.sparse), none), *csr_rows(seen, users))
        found.sort_indices()
        return found

    def _near(self, users: Tensor, many: int) -> Tensor:
        """The ``many`` items that the index finds for each user, on all cores.  [n] -> [n, many] int64"""
        states = self.users[users]
        states = torch.cat([states, states.new_zeros(len(states), 1)], 1)
        near, _ = self.nearest(states, min(many, self.num_items if self.places is None else len(self.places)))
        return near if self.places is None else self.places[near]

    def _propose(self, near: Tensor, sparse: Any, many: int) -> tuple[Tensor, Tensor]:
        """Pairs of a place among the users and an item, ascending and once each: ``near`` [n, m], and the ``many``
        with the largest sparse scores."""
        near = torch.arange(len(near))[:, None] * self.num_items + near
        heavy = best_entries(sparse, self.scorer.candidates, many)
        pairs = torch.unique(torch.cat([near.flatten(), heavy]))
        return pairs // self.num_items, pairs % self.num_items

    def _score(self, users: Tensor, row: Tensor, item: Tensor, sparse: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Pairs without the histories, and their scores.  row [n], item [n] -> [m], [m], [m] float32"""
        keys = entry_rows(sparse) * self.num_items + torch.from_numpy(sparse.indices).long()
        added = torch.zeros(len(row))
        if len(keys):
            wanted = row * self.num_items + item
            at = torch.searchsorted(keys, wanted).clamp_max(len(keys) - 1)
            added = torch.where(keys[at] == wanted, torch.from_numpy(sparse.data)[at], added)
        row, item, added = (one[added > -torch.inf] for one in (row, item, added))
        chosen, found = users[row], torch.empty(len(row))
        for part in torch.arange(len(row)).split(PAIRS):
            found[part] = (self.users[chosen[part]] * self.items[item[part]]).sum(1)
        return row, item, found + added


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


def best_entries(scores: Any, candidates: Tensor | None, many: int) -> Tensor:
    """Keys ``row I + item`` of the ``many`` largest scores of each row; -inf is none.  scipy CSR [n, I] -> [e] int64"""
    kept = scores.data > -np.inf
    if candidates is not None:
        kept &= candidates.numpy()[scores.indices]
    row = entry_rows(scores).numpy()[kept]
    values, items = torch.from_numpy(scores.data[kept]), torch.from_numpy(scores.indices[kept]).long()
    found = [torch.empty(0, dtype=torch.int64)]
    for first in range(0, scores.shape[0], ROWS):  # rows are as wide as the longest of them
        here = slice(*np.searchsorted(row, (first, first + ROWS)))
        rows = min(ROWS, scores.shape[0] - first)
        keys = largest(side_by_side(rows, many, row[here] - first, values[here], items[here]), many)
        place = first + torch.arange(rows)[:, None].expand(-1, many)
        there = keys != NO_KEY
        found.append(place[there] * scores.shape[1] + decode_keys(keys[there])[0])
    return torch.cat(found)


def entry_rows(scores: Any) -> Tensor:
    """The row of each entry of a scipy CSR table.  [e] int64"""
    return torch.from_numpy(np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr)))

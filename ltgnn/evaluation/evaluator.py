"""Ranks the whole catalogue for every held-out user and turns the lists into named numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from ltgnn.evaluation.metrics import Hits, Metric, find
from ltgnn.evaluation.topk import top_k
from ltgnn.types import Evaluation, Groups, Interactions, Mistake, Scorer


class Evaluator:
    """Full-ranking evaluation of one part (validation or test).

    ``held_out`` are the pairs to be found, ``seen`` the parts whose items are no candidates for their user. Evaluated
    are the users with a held-out pair. Names of values: ``ndcg@20`` over all users, ``items20/tail/ndcg@20`` (policy /
    group / metric) over the users who have a held-out item of that group; ``users`` and ``items20/tail/users`` say how
    many these are. A group in which nobody has a held-out item has no other value. ``coverage@20`` is the share of
    the catalogue that occurs in any list.
    """

    def __init__(
        self,
        held_out: Interactions,
        seen: Sequence[Interactions],
        groups: Mapping[str, Groups],
        ks: Sequence[int],
        metrics: Mapping[str, Metric],
        block_mib: float,
    ) -> None:
        if len(held_out) == 0:
            raise Mistake("no held-out pair to evaluate on: give the split a larger share (split.val, split.test)")
        if not ks or min(ks) < 1:
            raise Mistake(f"eval.ks={list(ks)}: wanted list lengths of at least 1, such as [10,20]")
        self.held_out = held_out
        self.groups = groups
        self.ks = sorted(set(ks))
        self.metrics = metrics
        self.block_mib = block_mib
        self.users = torch.unique(held_out.users)  # [n] ascending
        self.seen = _union(held_out, seen)

    def __call__(self, scorer: Scorer, device: str | torch.device = "cpu") -> Evaluation:
        """Evaluate ``scorer``, which is called with users on ``device``."""
        num_items = self.held_out.num_items
        lists = top_k(scorer, self.users, self.seen, num_items, self.ks[-1], self.block_mib, device)
        found = find(lists, self.held_out)
        values: dict[str, float] = {}
        per_user: dict[str, Tensor] = {}
        for prefix, relevant, inside in self._strata(lists.items):
            having = relevant > 0
            values[f"{prefix}users"] = float(having.sum())
            if not having.any():
                continue
            hits = Hits((found & inside)[having], relevant[having])
            for name, metric in self.metrics.items():
                for k in self.ks:
                    column = metric(hits, k)
                    values[f"{prefix}{name}@{k}"] = float(column.mean())
                    per_user[f"{prefix}{name}@{k}"] = torch.full(having.shape, torch.nan, dtype=torch.float64)
                    per_user[f"{prefix}{name}@{k}"][having] = column
        for k in self.ks:
            values[f"coverage@{k}"] = _distinct(lists.items[:, :k]) / num_items
        return Evaluation(values, per_user, lists)

    def _strata(self, items: Tensor) -> Iterator[tuple[str, Tensor, Tensor]]:
        """All items, then each group: (prefix of names, held-out items per user [n], listed items in it [n, K])."""
        rows = torch.searchsorted(self.users, self.held_out.users)
        yield "", torch.bincount(rows, minlength=self.users.numel()), items >= 0
        for policy, groups in self.groups.items():
            listed = groups.labels[items.clamp(min=0)]
            wanted = groups.labels[self.held_out.items]
            for label, name in enumerate(groups.names):
                relevant = torch.bincount(rows[wanted == label], minlength=self.users.numel())
                yield f"{policy}/{name}/", relevant, listed == label


def _union(held_out: Interactions, seen: Sequence[Interactions]) -> tuple[Tensor, Tensor]:
    """The seen items of every user as CSR; refuses held-out pairs that are seen, since no list could hold them."""
    keys = torch.unique(torch.cat([torch.empty(0, dtype=torch.int64), *(part.keys for part in seen)]))
    if torch.isin(held_out.keys, keys).any():
        raise Mistake("a held-out pair is also among the seen pairs: the parts of the split overlap")
    users, items = keys // held_out.num_items, keys % held_out.num_items
    offsets = torch.searchsorted(users, torch.arange(held_out.num_users + 1))
    return offsets, items


def _distinct(items: Tensor) -> int:
    """Number of different items in the lists."""
    return int(torch.unique(items[items >= 0]).numel())

"""Ranks the whole catalogue for every held-out user and computes metrics of the lists."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import torch
from annotated_types import Ge, Gt, MinLen
from torch import Tensor

from ltgnn.config.metric_direction import mixed_direction, named_smaller, smaller
from ltgnn.evaluation.exact_topk import best_items
from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import SECTIONS, metrics_by_input
from ltgnn.evaluation.metrics import Hits, find
from ltgnn.evaluation.ranks import Ranks, places
from ltgnn.evaluation.record import Record, Stratum
from ltgnn.evaluation.strata import add_user_groups, describe_groups, group_events, group_users, make_strata
from ltgnn.evaluation.topk import each_block, top_k
from ltgnn.tensors.csr import Csr, csr_rows, union_by_user
from ltgnn.types import (
    Evaluation,
    EventGrouping,
    Groups,
    Interactions,
    Scorer,
    TopK,
    UserError,
    UserGrouping,
    as_scorer,
)

Function = Callable[..., Any]
"""A metric (``metric.py``), or a partial of one."""


class Evaluator:
    """Full-ranking evaluation of one part (validation or test).

    ``held_out`` are the pairs to be found; ``seen`` the parts whose items are not candidates for their user, train
    first. Evaluated are the users with a held-out pair; each value is a mean over the users for whom it is defined.

    Names of values: ``ndcg@20`` over all users; ``items20/tail/ndcg@20`` (item policy / group / metric) over the users
    with a held-out item of that group; ``activity/casual/ndcg@20`` over the users of a user group, who are grouped by
    train counts; ``activity/casual/items20/tail/ndcg@20`` for the product; ``scene/web/ndcg@20`` over the users with a
    held-out pair of a group of events (``event_groups``), of which only such pairs count as hits, and
    ``scene/web/items20/tail/ndcg@20`` for the product; ``users`` and ``items20/tail/users`` for how many these are;
    ``not_scorable``, with the same prefixes, for how many held-out pairs are on items that the scorer does not know
    (``Scorer.candidates``): they count as missed, and ``scorable`` is how many items of the group it knows: with 0, a
    value of 0 is not informative. A value defined for no user is omitted.
    ``mixtures`` are weighted sums of values, for ``monitor``: ``{"balanced": {"ndcg@20": 0.5,
    "items20/tail/ndcg@20": 0.5}}``.

    A decorated metric (``metric.py``) may be in any of ``metrics``, ``ranks``, ``lists`` and ``exposure``.

    ``features`` [I, D] and ``item_fields`` serve the metrics of diversity and calibration, ``user_fields`` user groups.

    ``most_users``: of more users with a held-out pair a random sample of so many is evaluated, always the same.
    """

    def __init__(
        self,
        held_out: Interactions,
        seen: Sequence[Interactions],
        groups: Mapping[str, Groups],
        features: Tensor | None = None,
        item_fields: Mapping[str, Sequence[str]] | None = None,
        *,
        ks: Annotated[Sequence[Annotated[int, Ge(1)]], MinLen(1)],
        block_mib: Annotated[float, Gt(0)],
        metrics: Mapping[str, Function],
        ranks: Mapping[str, Function],
        lists: Mapping[str, Function],
        exposure: Mapping[str, Function],
        categories: Callable[[Mapping[str, Sequence[str]]], Csr | None],
        user_groups: Mapping[str, Callable[[Tensor], Groups] | UserGrouping],
        user_ks: Sequence[Annotated[int, Ge(1)]],
        mixtures: Mapping[str, Mapping[str, float]],
        most_users: Annotated[int, Ge(1)] | None = None,
        event_groups: Mapping[str, EventGrouping] | None = None,
        user_fields: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        if len(held_out) == 0:
            raise UserError("no held-out pair to evaluate on: give the split a larger share (split.val, split.test)")
        if not ks or min(ks) < 1:
            raise UserError(f"eval.ks={list(ks)}: wanted list lengths of at least 1, such as [10,20]")
        if most_users is not None:
            held_out = sample_users(held_out, most_users)
        self.held_out, self.groups, self.features = held_out, groups, features
        self.ks, self.user_ks, self.block_mib = sorted(set(ks)), set(user_ks), block_mib
        found = metrics_by_input({"metrics": metrics, "ranks": ranks, "lists": lists, "exposure": exposure})
        self.metrics, self.ranks, self.lists, self.exposure = (found[reads] for reads in SECTIONS.values())
        self.mixtures = mixtures
        if any(bool(torch.isin(held_out.keys, part.keys).any()) for part in seen):  # no list could hold them
            raise UserError("a held-out pair is also among the seen pairs: the parts of the split overlap")
        self.seen = union_by_user(seen, held_out.num_users, held_out.num_items)
        self.train = seen[0] if seen else held_out.select(torch.empty(0, dtype=torch.int64))
        self.categories = categories(item_fields) if item_fields else None
        self.user_groups = group_users(user_groups, self.train, user_fields or {})
        self.event_groups = group_events(event_groups or {}, held_out, self.train, [*groups, *user_groups])

        self.users = torch.unique(held_out.users)  # [n] ascending
        self.relevant = held_out.user_counts[self.users]
        self.order = torch.argsort(
            self.relevant, descending=True, stable=True
        )  # in which they are scored, see `places`
        rows, self.pair_items = csr_rows(held_out.by_user, self.users[self.order])
        self.pair_rows = self.order[rows]
        self.strata = make_strata(self)

    def __call__(
        self,
        scorer: Scorer | Callable[[Tensor], Tensor],
        device: str | torch.device = "cpu",
        monitor: str | None = None,
    ) -> Evaluation:
        """Evaluate ``scorer``, or a plain function, which is called with users on ``device``.

        With ``monitor``, the name of a value: only the accuracy by item group, which is what can be had quickly, unless
        ``monitor`` is another value; then, or without it, everything. An unknown ``monitor`` is a ``UserError``.
        """
        scorer = as_scorer(scorer)
        quick = monitor is not None and self._is_quick(monitor)
        lists, ranks = self._rank(scorer, device) if self.ranks and not quick else (self._lists(scorer, device), None)
        found = find(lists, self.held_out)
        record = Record(self.users.numel())
        scorable = scorer.candidates
        for stratum in self.strata:
            hit = found if stratum.held_out is None else find(lists, stratum.held_out)
            self._accuracy(record, stratum, lists.items, hit, ranks)
            if scorable is not None and (unknown := int((~scorable[self.pair_items] & stratum.pairs).sum())):
                record.values[f"{stratum.prefix}not_scorable"] = float(unknown)
                known = scorable if stratum.members is None else scorable & stratum.members
                record.values[f"{stratum.prefix}scorable"] = float(known.sum())
        if not quick:
            self._beyond_accuracy(record, lists, found)
            columns = dict(record.per_user)
            for policy, groups in self.user_groups.items():
                add_user_groups(record, columns, policy, groups.names, groups.labels[self.users], self.user_ks)
        self._mixtures(record)
        if monitor is not None and monitor not in record.values:
            missing = [name for name in self.mixtures.get(monitor, {monitor: 1}) if name not in record.values]
            near = difflib.get_close_matches(missing[0], record.values, n=3, cutoff=0.3)
            where = f"eval.mixtures.{monitor}" if monitor in self.mixtures else "monitor"
            hint = f" Did you mean: {', '.join(near)}." if near else ""
            raise UserError(f"{where}: unknown value '{missing[0]}'.{hint}")
        return Evaluation(record.values, record.per_user, lists)

    def smaller(self, name: str) -> bool:
        """Whether less of a value is better."""
        if name in self.mixtures:
            return mixed_direction(name, self.mixtures[name], self.smaller)
        return smaller(name, self.smaller_is_better)

    @property
    def smaller_is_better(self) -> list[str]:
        """Names of the metrics of which less is better, for the record."""
        return named_smaller({"m": self.metrics, "r": self.ranks, "l": self.lists, "e": self.exposure})

    def _lists(self, scorer: Scorer, device: str | torch.device) -> TopK:
        """Lists of all users."""
        return top_k(scorer, self.users, self.seen, self.held_out.num_items, self.ks[-1], self.block_mib, device)

    def _rank(self, scorer: Scorer, device: str | torch.device) -> tuple[TopK, Ranks]:
        """Lists of all users and the ranks of all held-out items, in one pass over the scores."""
        n, k, num_items = self.users.numel(), self.ks[-1], self.held_out.num_items
        items, scores = torch.empty(n, k, dtype=torch.int64), torch.empty(n, k)
        pairs = self.pair_items.numel()
        values = torch.empty(pairs)
        above, equal, candidates = (torch.empty(m, dtype=torch.int64) for m in (pairs, pairs, n))
        ends = [0, *torch.cumsum(self.relevant[self.order], 0).tolist()]

        def rank(block: slice, matrix: Tensor) -> None:
            rows = self.order[block]
            best = best_items(matrix, k)
            items[rows], scores[rows] = best[0].cpu(), best[1].cpu()
            part = slice(ends[block.start], ends[block.stop])
            wanted = self.pair_items[part].to(matrix.device), self.relevant[rows].to(matrix.device)
            placed = [column.cpu() for column in places(matrix, wanted[1], wanted[0])]
            values[part], above[part], equal[part], candidates[rows] = placed

        each_block(scorer, self.users[self.order], self.seen, num_items, self.block_mib, device, rank)
        return TopK(self.users, items, scores), Ranks(self.pair_rows, values, above, equal, candidates)

    def _accuracy(self, record: Record, stratum: Stratum, items: Tensor, found: Tensor, ranks: Ranks | None) -> None:
        prefix, pairs, relevant, members, _ = stratum
        having = relevant > 0
        record.values[f"{prefix}users"] = float(having.sum())
        if not having.any():
            return
        inside = found if members is None else found & members[items.clamp(min=0)]
        hits = Hits(inside[having], relevant[having])
        for name, metric in self.metrics.items():
            for k in self.ks:
                column = torch.full(having.shape, torch.nan, dtype=torch.float64)
                column[having] = metric(hits, k)
                record.add(f"{prefix}{name}@{k}", column)
        if ranks is not None:
            for name, rank_metric in self.ranks.items():
                record.add(f"{prefix}{name}", rank_metric(ranks, pairs))

    def _beyond_accuracy(self, record: Record, lists: TopK, found: Tensor) -> None:
        sides = self.held_out, self.train, self.seen, self.features, self.categories
        longest = Lists(lists.users, lists.items, lists.scores, found, self.relevant, *sides)
        for k in self.ks:
            first = longest.first(k)
            for name, metric in self.lists.items():
                record.add(f"{name}@{k}", metric(first))
            for policy, groups in self.groups.items():
                for name, group_metric in self.exposure.items():
                    for group, number in group_metric(first, groups).items():
                        record.add(f"{policy}/{group}/{name}@{k}" if group else f"{policy}/{name}@{k}", number)

    def _mixtures(self, record: Record) -> None:
        """Weighted sums, where all parts are there: the default one need not fit every choice of ks and groups."""
        for mixture, parts in self.mixtures.items():
            if all(name in record.values for name in parts):
                record.values[mixture] = sum(weight * record.values[name] for name, weight in parts.items())

    def _is_quick(self, name: str) -> bool:
        """Whether a value needs no more than accuracy by item group."""
        parts = self.mixtures.get(name, {name: 1.0})
        known = {f"{stratum.prefix}{metric}@{k}" for stratum in self.strata for metric in self.metrics for k in self.ks}
        return all(part in known for part in parts)

    @property
    def group_record(self) -> dict[str, dict[str, dict[str, object]]]:
        """``user_groups`` and ``event_groups``: policy -> rule and sizes, for the record."""
        return describe_groups({"user_groups": self.user_groups, "event_groups": self.event_groups})


def sample_users(pairs: Interactions, most: int) -> Interactions:
    """The pairs of ``most`` of their users, drawn at random; the same at each call."""
    users = torch.unique(pairs.users)
    if len(users) <= most:
        return pairs
    drawn = users[torch.randperm(len(users), generator=torch.Generator().manual_seed(0))[:most]]
    return pairs.select(torch.isin(pairs.users, drawn))

"""Groups of users, of events and of items, as an evaluator counts by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from ltgnn.evaluation.record import Record, Stratum
from ltgnn.types import EventGrouping, Groups, Interactions, UserError, UserGrouping


class Grouped(Protocol):
    """What the strata of an evaluator are made from."""

    held_out: Interactions
    groups: Mapping[str, Groups]
    users: Tensor  # [n]
    order: Tensor  # [n] in which the users are scored
    relevant: Tensor  # [n] held-out pairs of each user
    pair_items: Tensor  # [p] items of the held-out pairs, user by user in ``order``
    pair_rows: Tensor  # [p] their rows among ``users``

    @property
    def event_groups(self) -> Mapping[str, Groups]:
        """Of each policy, the groups of the held-out pairs."""
        ...


def make_strata(of: Grouped) -> list[Stratum]:
    """All pairs, then each group of items of each policy; then the same of each group of events."""
    everything = torch.ones(of.pair_items.numel(), dtype=torch.bool)
    strata = [Stratum("", everything, of.relevant, None), *_by_item(of, "", everything, None)]
    labels = {policy: _in_order(of, groups) for policy, groups in of.event_groups.items()}
    for policy, groups in of.event_groups.items():
        for label, name in enumerate(groups.names):
            pairs = labels[policy] == label
            held_out, prefix = of.held_out.select(groups.labels == label), f"{policy}/{name}/"
            strata.append(Stratum(prefix, pairs, _relevant(of, pairs), None, held_out))
            strata += _by_item(of, prefix, pairs, held_out)
    return strata


def _by_item(of: Grouped, prefix: str, pairs: Tensor, held_out: Interactions | None) -> list[Stratum]:
    """The groups of items among some pairs [p]."""
    found = []
    for policy, groups in of.groups.items():
        for label, name in enumerate(groups.names):
            members = groups.labels == label
            inside = pairs & members[of.pair_items]
            found.append(Stratum(f"{prefix}{policy}/{name}/", inside, _relevant(of, inside), members, held_out))
    return found


def _relevant(of: Grouped, pairs: Tensor) -> Tensor:
    """How many of these pairs each user has.  [p] bool -> [n]"""
    return torch.bincount(of.pair_rows[pairs], minlength=of.users.numel())


def _in_order(of: Grouped, groups: Groups) -> Tensor:
    """The labels of the held-out pairs in the order of ``pair_items``.  [p]"""
    keys = of.users[of.pair_rows] * of.held_out.num_items + of.pair_items
    known, places = torch.sort(of.held_out.keys)
    return groups.labels[places[torch.searchsorted(known, keys)]]


def group_users(
    policies: Mapping[str, Callable[[Tensor], Groups] | UserGrouping],
    train: Interactions,
    user_fields: Mapping[str, Sequence[str]],
) -> dict[str, Groups]:
    """The groups of users of each policy, by train counts or by what else it reads."""
    return {
        name: policy.group_users(train, user_fields) if isinstance(policy, UserGrouping) else policy(train.user_counts)
        for name, policy in policies.items()
    }


def group_events(
    policies: Mapping[str, EventGrouping], held_out: Interactions, train: Interactions, taken: Sequence[str]
) -> dict[str, Groups]:
    """The groups of the held-out pairs of each policy; ``UserError`` for a name that another policy has."""
    for name in policies:
        if name in taken:
            raise UserError(
                f"eval.event_groups.{name}: groups of items or users are called {name}, too. Give it another name."
            )
    return {name: policy.group_events(held_out, train) for name, policy in policies.items()}


def add_user_groups(
    record: Record, per_user: Mapping[str, Tensor], policy: str, names: Sequence[str], labels: Tensor, ks: Iterable[int]
) -> None:
    """The means of all per-user columns over each group of users; of those for all items the columns as well.

    ``labels`` [n] of the users, ``names`` of the groups; ``ks``: lengths of lists whose columns count.
    """
    wanted = {f"@{k}" for k in ks}
    kept = [name for name in per_user if "@" not in name or name[name.index("@") :] in wanted]
    columns = torch.stack([per_user[name] for name in kept])
    for label, group in enumerate(names):
        inside = labels == label
        record.values[f"{policy}/{group}/users"] = float(inside.sum())
        means = columns[:, inside].nanmean(1).tolist()
        record.values |= {f"{policy}/{group}/{n}": v for n, v in zip(kept, means, strict=True) if v == v}
        of_group = ((n, c.masked_fill(~inside, torch.nan)) for n, c in zip(kept, columns, strict=True))
        record.per_user |= {f"{policy}/{group}/{n}": c for n, c in of_group if "/" not in n and not c.isnan().all()}


def describe_groups(found: Mapping[str, Mapping[str, Groups]]) -> dict[str, dict[str, dict[str, object]]]:
    """Kind of groups -> policy -> rule and sizes, without kinds that have no policy; plain values."""
    return {
        kind: {name: {"rule": one.rule, "sizes": one.sizes} for name, one in groups.items()}
        for kind, groups in found.items()
        if groups
    }

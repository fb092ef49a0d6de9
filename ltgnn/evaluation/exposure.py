"""What head, mid, tail and cold get: of the lists, of the catalogue shown, of the hits.

The long tail ``T`` of a policy is its last group of items with train interactions together with the cold items: leaving
cold items out of the tail would flatter a model that never shows them. By group, they stay separate.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import metric
from ltgnn.tensors.csr import csr_rows
from ltgnn.types import Groups


@metric("groups")
def share(lists: Lists, groups: Groups) -> dict[str, Tensor]:
    """|L ∩ g| / |L| for each group; the shares of a list add up to 1."""
    return {name: lists.mean(is_in_group(lists, groups, label)) for label, name in enumerate(groups.names)}


@metric("groups")
def aplt(lists: Lists, groups: Groups) -> dict[str, Tensor]:
    """Average percentage of long-tail items: |L ∩ T| / |L| (Abdollahpouri et al., FLAIRS 2019)."""
    return {"": lists.mean(_tail(lists, groups))}


@metric("groups")
def aclt(lists: Lists, groups: Groups) -> dict[str, Tensor]:
    """Average coverage of long-tail items: |L ∩ T| (Abdollahpouri et al., FLAIRS 2019)."""
    return {"": _tail(lists, groups).sum(1).double()}


@metric("groups", per_user=False)
def coverage(lists: Lists, groups: Groups) -> dict[str, float | None]:
    """Share of the items of each group that occur in any list, |union of L ∩ g| / |g|; of ``tail``: tail coverage."""
    shown = lists.exposure > 0
    return {
        name: float(shown[groups.labels == label].double().mean()) if groups.sizes[name] else None
        for label, name in enumerate(groups.names)
    }


@metric("groups")
def recall_part(lists: Lists, groups: Groups) -> dict[str, Tensor]:
    """|L ∩ gt ∩ g| / |gt| for each group: the parts add up to recall exactly (SimGCL, SIGIR 2022)."""
    return {
        name: (lists.found & is_in_group(lists, groups, label)).sum(1).double() / lists.relevant
        for label, name in enumerate(groups.names)
    }


@metric("groups", per_user=False, smaller_is_better=True)
def preo(lists: Lists, groups: Groups) -> dict[str, float | None]:
    """Popularity-based ranking equal opportunity: std / mean over groups of P(listed | g, held out), pooled over users.

    0: a held-out item has the same chance in every group (Zhu et al., SIGIR 2020). Cold items are left out, as is a
    group without held-out items; the standard deviation is that of the population.
    """
    found = torch.stack([(lists.found & is_in_group(lists, groups, g)).sum() for g in range(len(groups.names) - 1)])
    wanted = torch.bincount(groups.labels[lists.held_out.items].long(), minlength=len(groups.names))[:-1]
    return {"": _relative_spread(found, wanted)}


@metric("groups", per_user=False, smaller_is_better=True)
def prsp(lists: Lists, groups: Groups) -> dict[str, float | None]:
    """Popularity-based ranking statistical parity: std / mean over groups of P(listed | g, candidate), pooled.

    0: an item has the same chance to be shown in every group (Zhu et al., SIGIR 2020). Cold items are left out.
    """
    shown = torch.stack([is_in_group(lists, groups, g).sum() for g in range(len(groups.names) - 1)])
    _, seen = csr_rows(lists.seen, lists.users)
    sizes = torch.bincount(groups.labels.long(), minlength=len(groups.names)) * lists.users.numel()
    candidates = sizes - torch.bincount(groups.labels[seen].long(), minlength=len(groups.names))
    return {"": _relative_spread(shown, candidates[:-1])}


def _relative_spread(part: Tensor, total: Tensor) -> float | None:
    """std / mean of part / whole, over the groups that have a whole; None where nothing was listed."""
    chances = part[total > 0].double() / total[total > 0]
    return float(chances.std(correction=0) / chances.mean()) if chances.sum() > 0 else None


def is_in_group(lists: Lists, groups: Groups, label: int) -> Tensor:
    """True where the listed item belongs to the group.  [n, K] bool"""
    return (groups.labels[lists.items.clamp(min=0)] == label) & lists.valid


def _tail(lists: Lists, groups: Groups) -> Tensor:
    return (groups.labels[lists.items.clamp(min=0)] >= len(groups.names) - 2) & lists.valid

"""What a blend is fitted on: the items that the members would list for the users of a part, and which were held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ltgnn.evaluation.exact_topk import best_items, order_keys
from ltgnn.evaluation.topk import block_users
from ltgnn.types import Groups, Interactions, UserError


@dataclass(frozen=True)
class Pool:
    """Candidates of ``n`` users, ``P`` at most, ascending by item; rows are filled up with item -1."""

    items: Tensor  # [n, P] int64
    normalised_scores: Tensor  # [n, P, M] float32
    hits: Tensor  # [n, P] bool, held out
    relevant: Tensor  # [n, G] held-out items of the user by item group, in the pool or not
    user_groups: Tensor  # [n] int64
    item_groups: Tensor  # [n, P] int64
    cells: tuple[int, int]  # A user groups, G item groups

    def ndcg(self, scores: Tensor, k: int) -> float:
        """Mean of ``ndcgs`` over the users with held-out items."""
        return float(self.ndcgs(scores, k).nanmean())

    def ndcgs(self, scores: Tensor, k: int) -> Tensor:
        """NDCG@k of each user in the order of ``scores`` [n, P], ties by smaller item; nan: nothing held out.  [n]"""
        scores = scores.float().masked_fill(self.items < 0, -torch.inf)
        best = order_keys(scores, self.items.clamp_min(0)).topk(min(k, scores.shape[1]), dim=1).indices
        gains = 1 / torch.arange(2, k + 2, dtype=torch.float64).log2()
        found = (self.hits.gather(1, best).double() * gains[: best.shape[1]]).sum(1)
        relevant = self.relevant.sum(1)
        ideal = gains.cumsum(0)[relevant.clamp(1, k) - 1]
        return (found / ideal).masked_fill(relevant == 0, torch.nan)


def pool_of(
    normalised_scores: Callable[[Tensor], list[Tensor]],
    held_out: Interactions,
    user_groups: Groups,
    item_groups: Groups,
    depth: int,
    block_mib: float = 16,
) -> Pool:
    """The ``depth`` best items of each member for every user with a held-out pair, and how each member puts them.

    ``normalised_scores``: users [B] -> M x [B, I] (``EnsembleScorer.normalise_scores``). A held-out item that no member
    has among its ``depth`` best is left out: no blend would bring it up. In blocks of users.
    """
    users = torch.unique(held_out.users)
    if not users.numel():
        raise UserError("a blend is fitted on validation, and this split has none: set split.val, and train again.")
    rows_items, rows_values = [], []
    with torch.no_grad():
        for block in users.split(block_users(held_out.num_items, block_mib)):
            members = normalised_scores(block)
            found = [best_items(m.masked_fill(m == 0, -torch.inf), depth)[0] for m in members]
            for row in range(len(block)):
                mine = torch.unique(torch.cat([items[row] for items in found]))
                mine = mine[mine >= 0]
                rows_items.append(mine)
                rows_values.append(torch.stack([m[row, mine] for m in members], dim=1))
    width = max(len(items) for items in rows_items)
    items = torch.full((len(users), width), -1)
    values = torch.zeros(len(users), width, rows_values[0].shape[1])
    for row, (mine, value) in enumerate(zip(rows_items, rows_values, strict=True)):
        items[row, : len(mine)], values[row, : len(mine)] = mine, value
    keys = users[:, None] * held_out.num_items + items.clamp_min(0)
    hits = torch.isin(keys, held_out.keys) & (items >= 0)
    labels = item_groups.labels.long()
    cells = len(user_groups.names), len(item_groups.names)
    relevant = torch.zeros(held_out.num_users, cells[1], dtype=torch.int64)
    relevant.index_put_((held_out.users, labels[held_out.items]), torch.ones(1, dtype=torch.int64), accumulate=True)
    of_users, of_items = user_groups.labels[users].long(), labels[items.clamp_min(0)]
    return Pool(items, values, hits, relevant[users], of_users, of_items, cells)

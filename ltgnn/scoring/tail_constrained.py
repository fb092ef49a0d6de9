"""A blend that does not rank the tail worse than its best member does."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from ltgnn.scoring.candidates import Pool
from ltgnn.scoring.ensemble import Fitting
from ltgnn.types import UserError

log = logging.getLogger(__name__)

Choice = tuple[Tensor, Tensor]
"""Weights [M, A, G], bias [A, G]"""


class TailConstrained:
    """The choice with the best NDCG@k on the pool of those that keep the tail.

    Fitted to all held-out items, a blend of a member that is better on the head and one that is better on the
    tail loses some of the tail. The choices: the weights of ``start``, with a tail bias of ``0, step, 2 step .. most``
    added to every item of the tail; and each single member. The tail is kept where it has at least ``share`` (1 at
    most) of the best single member's value, so that some choice always keeps it. The tail: the items of all groups but
    the blend's first, cold ones counted in. Its value: NDCG@k in which only its held-out items count, mean over the
    users who have one.

    One choice for all users: one for each group, found on few of its users, was worse for those of whom nothing is held
    out (few interactions, as a random split leaves them). Their weights are those of the nearest group of users, which
    are ordered, of whom something is. No published source; experiments/hybrid has the measurements.
    """

    def __init__(
        self,
        start: Fitting,
        k: Annotated[int, Ge(1)],
        share: Annotated[float, Gt(0), Le(1)],
        step: Annotated[float, Gt(0)],
        most: Annotated[float, Gt(0)],
    ) -> None:
        if k < 1 or not 0 < share <= 1 or not 0 < step <= most:
            raise UserError(
                f"blend.fitting: k={k}, share={share}, step={step}, most={most}; wanted k of 1 or more, "
                f"0 < share <= 1, 0 < step <= most."
            )
        self.start, self.k, self.share, self.step, self.most = start, k, share, step, most

    def __call__(self, pool: Pool) -> Choice:
        """Weights [M, A, G], bias [A, G]."""
        if pool.cells[1] < 2:
            raise UserError("blend.fitting: the tail is all items but those of the first group: set blend.items.")
        alone = self.single_members(pool)
        choices, tail_alone = [*alone, *self.with_tail_bias(pool)], of_tail(pool)
        given = (scores(pool, *choice) for choice in choices)
        values = torch.tensor([(pool.ndcg(g, self.k), tail_alone.ndcg(g, self.k)) for g in given])  # last bits tie
        of_all, tail = values.T
        kept = tail.isnan() | (tail >= self.share * tail[: len(alone)].max())
        chosen = int(of_all.masked_fill(~kept, -torch.inf).argmax())
        self._log_choice(chosen, values, len(alone))
        known = pool.user_groups.unique().tolist()
        nearest = [min(known, key=lambda other: abs(other - group)) for group in range(pool.cells[0])]
        weights, bias = choices[chosen]
        return weights[:, nearest], bias[nearest]

    def single_members(self, pool: Pool) -> list[Choice]:
        members = pool.normalised_scores.shape[2]
        return [(w[:, None, None].expand(-1, *pool.cells), torch.zeros(pool.cells)) for w in torch.eye(members)]

    def with_tail_bias(self, pool: Pool) -> list[Choice]:
        weights, bias = self.start(pool)
        rare = (torch.arange(pool.cells[1]) > 0).float()
        lifts = [n * self.step for n in range(round(self.most / self.step) + 1)]
        return [(weights.expand(-1, *pool.cells), bias.expand(pool.cells) + lift * rare) for lift in lifts]

    def _log_choice(self, chosen: int, values: Tensor, members: int) -> None:
        """Log the choice, and the blend without a bias for comparison."""
        what = f"member {chosen + 1} only" if chosen < members else f"tail bias {(chosen - members) * self.step:.2f}"
        now, plain = (f"all {values[c, 0]:.4f}, tail {values[c, 1]:.4f}" for c in (chosen, members))
        log.info("blend: %s (val NDCG@%d %s; without a lift %s)", what, self.k, now, plain)


def of_tail(pool: Pool) -> Pool:
    """The same candidates, of which only held-out items outside the first group count."""
    relevant = pool.relevant.clone()
    relevant[:, 0] = 0
    return replace(pool, hits=pool.hits & (pool.item_groups > 0), relevant=relevant)


def scores(pool: Pool, weights: Tensor, bias: Tensor) -> Tensor:
    """What the blend gives each candidate, of weights [M, A, G] and bias [A, G].  [n, P]"""
    a, g = pool.user_groups[:, None], pool.item_groups
    return sum((weights[m][a, g] * pool.normalised_scores[:, :, m] for m in range(len(weights))), start=bias[a, g])

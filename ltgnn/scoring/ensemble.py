"""Several scorers as one: a weighted sum of where each of them puts an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from ltgnn.scoring.candidates import Pool, pool_of
from ltgnn.scoring.masked import any_candidates
from ltgnn.tensors.csr import csr_rows
from ltgnn.types import Groups, Interactions, Scorer, UserError, as_scorer

Normaliser = Callable[[Tensor], Tensor]
"""``scores [B, I], -inf for no candidate -> normalised scores [B, I], finite, 0 for no candidate``"""

Members = Mapping[str, Scorer | Callable[[Tensor], Tensor]]
"""Scorers by name."""

Policy = Callable[[Tensor], Groups]
"""``train counts [n] -> groups``"""


class Fitting(Protocol):
    def __call__(self, pool: Pool) -> tuple[Tensor, Tensor]:
        """Weights [M, A, G] and bias [A, G] that are best on the pool."""
        ...


class Blending(Protocol):
    """How members become one scorer: the config group ``blend``."""

    weights: Any
    """What was found on the validation part, or given by hand, as the recipe has it; None: not yet."""

    def of(self, members: Members, train: Interactions, features: Tensor | None = None) -> Scorer:
        """The members as one; ``features`` [I, D] where a member reads them."""
        ...

    def find_weights(
        self, members: Members, train: Interactions, held_out: Interactions, depth: int, features: Tensor | None = None
    ) -> Any:
        """``weights`` that are best on the pairs ``held_out``, of the ``depth`` best items of each member."""
        ...


class Blend:
    """``s(u, i) = sum over members m of w_m[a(u), g(i)] z_m(u, i) + b[a(u), g(i)]``.

    ``z_m``: the score of member ``m``, normalised over the items that are not in the user's train part; ``a`` and
    ``g``: groups of users and items by their train counts (None: all in one). An item is a candidate if a member with a
    weight knows it. ``fitting`` finds the weights on the validation part; ``weights``: those found, or given by hand,
    by member (by user group, by item group), with ``bias`` as one more; None: not yet.
    """

    def __init__(
        self,
        normaliser: Normaliser,
        fitting: Fitting,
        users: Policy | None = None,
        items: Policy | None = None,
        weights: Mapping[str, Any] | None = None,
    ) -> None:
        self.normaliser, self.fitting, self.users, self.items, self.weights = normaliser, fitting, users, items, weights

    def find_weights(
        self, members: Members, train: Interactions, held_out: Interactions, depth: int, features: Tensor | None = None
    ) -> dict[str, Any]:
        """Those of ``fitting``."""
        blended, every = self.of(members, train), range(len(members))
        pool = pool_of(
            lambda users: blended.normalise_scores(users, every), held_out, blended.users, blended.items, depth
        )
        return blended.to_config(*self.fitting(pool))

    def of(self, members: Members, train: Interactions, features: Tensor | None = None) -> EnsembleScorer:
        """The members as one scorer; weights of 0 if there are none yet. Features are not read."""
        if BIAS in members:
            raise UserError(f"a member cannot be called '{BIAS}'.")
        users, items = _groups(self.users, train.user_counts), _groups(self.items, train.item_counts)
        names = users.names, items.names
        table = torch.zeros(len(members), len(names[0]), len(names[1]))
        bias = torch.zeros(table.shape[1:])
        if self.weights is not None:
            unknown = set(self.weights) - {*members, BIAS}
            if unknown or not set(members) <= set(self.weights):
                raise UserError(
                    f"blend.weights has {', '.join(self.weights)}; wanted a weight for each member: "
                    f"{', '.join(members)}."
                )
            table = torch.stack([cells(self.weights[name], *names, name) for name in members])
            bias = cells(self.weights.get(BIAS, 0.0), *names, BIAS)
        scorers = {name: as_scorer(member) for name, member in members.items()}
        return EnsembleScorer(scorers, train, self.normaliser, users, items, table, bias)


BIAS = "bias"


@dataclass(frozen=True)
class EnsembleScorer(Scorer):
    """Members at work; the candidates are the items that a member in use knows."""

    members: Mapping[str, Scorer]
    train: Interactions
    normaliser: Normaliser
    users: Groups
    items: Groups
    weights: Tensor  # [M, A, G]
    bias: Tensor  # [A, G]
    candidates: Tensor | None = field(init=False, default=None)

    label = "blend"

    def __post_init__(self) -> None:
        scorers = list(self.members.values())
        object.__setattr__(self, "candidates", any_candidates([scorers[m].candidates for m in self.used]))

    @property
    def used(self) -> list[int]:
        """Members whose weight is not 0 everywhere; all of them while there are none."""
        return [m for m, w in enumerate(self.weights) if bool(w.any())] or list(range(len(self.weights)))

    @property
    def alone(self) -> Scorer | None:
        """The one member in use, whose order no weight changes; None: there are several, or a bias."""
        only = len(self.used) == 1 and self.bias.numel() == 1
        return list(self.members.values())[self.used[0]] if only else None

    def terms(self) -> Sequence[tuple[float, Scorer]] | None:
        return None if self.alone is None else [(1.0, self.alone)]

    def named_terms(self, user: int, item: int) -> Mapping[str, float] | None:
        """What each member in use, and the bias, adds."""
        return self.shares(user, item) if self.alone is None else None

    def scores(self, users: Tensor) -> Tensor:
        """A single member gives its own scores."""
        if self.alone is not None:
            return self.alone.scores(users)
        cell = self.users.labels[users.cpu()].long()
        group = self.items.labels.long()
        total: Tensor | None = None
        for m, score in zip(self.used, self.normalise_scores(users, self.used), strict=True):
            weighted = score * self._look_up(self.weights[m], cell, group).to(score.device)
            total = weighted if total is None else total + weighted
        assert total is not None
        if bool(self.bias.any()):
            total = total + self._look_up(self.bias, cell, group).to(total.device)
        return total if self.candidates is None else total.masked_fill(~self.candidates.to(total.device), -torch.inf)

    def normalise_scores(self, users: Tensor, which: Sequence[int]) -> list[Tensor]:
        """Of the members ``which``: items of the user's train part are not ranked.  M x [B, I]"""
        rows, items = csr_rows(self.train.by_user, users.cpu())
        scorers, found = list(self.members.values()), []
        for m in which:
            scores = scorers[m].scores(users).float().clone()
            scores[rows, items] = -torch.inf
            found.append(self.normaliser(scores))
        return found

    def shares(self, user: int, item: int) -> dict[str, float]:
        """What each member in use, and the bias, adds to one score: they sum to it, unless there is one member."""
        cell, group = int(self.users.labels[user]), int(self.items.labels[item])
        normalised_scores = self.normalise_scores(torch.tensor([user]), self.used)
        names = list(self.members)
        shares = {
            names[m]: float(s[0, item]) * float(self.weights[m, cell, group])
            for m, s in zip(self.used, normalised_scores, strict=True)
        }
        return shares | ({BIAS: float(self.bias[cell, group])} if bool(self.bias.any()) else {})

    @staticmethod
    def _look_up(table: Tensor, cell: Tensor, group: Tensor) -> Tensor:
        """Weights [A, G] of users [B] and items [I].  [B, I], or [1, 1] where there is one cell"""
        return table if table.numel() == 1 else table[cell][:, group]

    def to_config(self, weights: Tensor, bias: Tensor) -> dict[str, Any]:
        """Weights [M, A, G] and bias [A, G] as ``Blend`` takes them; numbers of six digits."""
        found = {
            name: as_nested_dict(table, self.users, self.items)
            for name, table in zip(self.members, weights, strict=True)
        }
        return found | ({BIAS: as_nested_dict(bias, self.users, self.items)} if bool(bias.any()) else {})


def cells(given: Any, users: Sequence[str], items: Sequence[str], name: str) -> Tensor:
    """A number, or one by user group and item group -> [A, G]; groups that are left out get 0."""
    table = torch.zeros(len(users), len(items))
    if isinstance(given, int | float):
        return table + given
    for user, row in given.items():
        for item, value in row.items():
            if user not in users or item not in items:
                raise UserError(
                    f"blend.weights.{name}: unknown cell {user}.{item}; user groups are {', '.join(users)}, "
                    f"item groups {', '.join(items)}."
                )
            table[users.index(user), items.index(item)] = float(value)
    return table


def _groups(policy: Policy | None, counts: Tensor) -> Groups:
    if policy is not None:
        return policy(counts)
    return Groups("one", ("all",), torch.zeros(len(counts), dtype=torch.int8), "all in one")


def as_nested_dict(table: Tensor, users: Groups, items: Groups) -> Any:
    rounded = [[round(float(value), 6) for value in row] for row in table]
    if table.numel() == 1:
        return rounded[0][0]
    return {u: dict(zip(items.names, row, strict=True)) for u, row in zip(users.names, rounded, strict=True)}

"""The calibrated list: categories, or popular and rare items, in the shares that the user had them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le, Lt
from torch import Tensor

from ltgnn.inference.rule import RuleContext
from ltgnn.serving.rules import categories, scale_scores
from ltgnn.types import UserError


class Calibration:
    """Greedy ``(1 - weight) sum of s'(i) - weight KL(p || q~)``, ``q~ = (1 - smoothing) q + smoothing p``.

    ``p``: the mean over the user's train items of their shares of kinds, ``q`` over the list so far; ``s'`` the score
    in 0..1, among the ``depth`` best. Kinds are the parts of the item's cell in ``column``, each with the same share
    (None: the popularity groups); an item without any is ignored. Steck, "Calibration recommendations" (RecSys 2018).
    """

    def __init__(
        self,
        weight: Annotated[float, Ge(0), Le(1)],
        depth: Annotated[int, Ge(1)],
        column: str | None,
        separators: str,
        smoothing: Annotated[float, Gt(0), Lt(1)],
    ) -> None:
        if not 0 <= weight <= 1 or not 0 < smoothing < 1 or depth < 1:
            raise UserError(
                f"rules: calibration with weight={weight}, smoothing={smoothing}, depth={depth}; 0 to 1, above 0 and "
                "below 1, and at least 1 wanted."
            )
        self.weight, self.depth, self.column = weight, depth, column
        self.separators, self.smoothing = separators, smoothing
        self.kept: tuple[RuleContext, Tensor] | None = None

    def shares(self, context: RuleContext) -> Tensor:
        """Share of each kind in each item; rows sum to 1, or to 0 without a kind.  [I, C]"""
        if self.kept is None or self.kept[0] is not context:
            if self.column is None:
                groups = context.groups
                table = torch.nn.functional.one_hot(groups.labels.long(), len(groups.names)).float()
            else:
                table = _table(categories(context, self.column, self.separators))
            self.kept = context, table
        return self.kept[1]

    def order(self, context: RuleContext, items: Tensor, scores: Tensor, user: int, k: int) -> Tensor:
        """Candidates [n] best first, their scores [n] -> places [min(k, n)] in the order of choice."""
        table, (offsets, mine) = self.shares(context), context.split.train.by_user
        history = table[mine[offsets[user] : offsets[user + 1]]].sum(0) if user >= 0 else torch.zeros(table.shape[1])
        if not bool(history.any()):
            return torch.arange(min(k, len(items)))
        wish = history / history.sum()
        mattering = wish > 0
        p, inside = wish[mattering].double(), table[items].double()
        relevance, listed, chosen = scale_scores(scores).double(), torch.zeros(table.shape[1]).double(), list[int]()
        for _ in range(min(k, len(items))):
            q = listed + inside
            q = (q / q.sum(1, keepdim=True).clamp_min(1e-12))[:, mattering]
            divergence = (p * (p / ((1 - self.smoothing) * q + self.smoothing * p)).log()).sum(1)
            value = (1 - self.weight) * relevance - self.weight * divergence
            value[chosen] = -torch.inf
            best = int(value.argmax())
            chosen.append(best)
            listed = listed + inside[best]
        return torch.tensor(chosen, dtype=torch.int64)


def _table(rows: Sequence[Sequence[str]]) -> Tensor:
    numbers: dict[str, int] = {}
    for row in rows:
        for name in row:
            numbers.setdefault(name, len(numbers))
    if not numbers:
        raise UserError("rules: no item has a category in this column, so there is nothing to calibrate.")
    table = torch.zeros(len(rows), len(numbers))
    for item, row in enumerate(rows):
        for name in row:
            table[item, numbers[name]] = 1 / len(set(row))
    return table

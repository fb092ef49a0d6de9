"""From encodings to scores, and the dials that turn without retraining.

A dial is built once from the train part and the item text, and its scores are added to those of the model, be it a
trained GNN or a closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ltgnn.nearest import nearest
from ltgnn.types import Encoded, Interactions, Mistake, Scorer

Dial = Callable[[Interactions, Tensor | None], Scorer]
"""``(train, text [I, D] or None) -> scores to add``"""


class Scoring:
    """``s(u, i) = <u, i> |i|^(p - 1)``, plus the dials.

    ``norm_power`` p = 1 is the inner product, 0 the cosine as far as ranking goes (the user's norm changes no ranking);
    values between are a dial on popularity, since norms tend to grow with it.
    """

    def __init__(self, norm_power: float, dials: Mapping[str, Dial]) -> None:
        self.norm_power, self.dials = norm_power, dict(dials)

    def fit(self, train: Interactions, text: Tensor | None) -> ScoreFunction:
        """Build each dial from the train part."""
        return ScoreFunction(self.norm_power, [dial(train, text) for dial in self.dials.values()])


class ScoreFunction:
    """Scores of an encoding, or of any scorer, with the dials added."""

    def __init__(self, norm_power: float, dials: list[Scorer]) -> None:
        self.norm_power, self.dials = norm_power, dials

    def of(self, encoded: Encoded) -> Scorer:
        """Scorer of an encoding; the item table is scaled once."""
        items = encoded.items
        if self.norm_power != 1.0:
            items = items * items.norm(dim=1, keepdim=True).clamp_min(1e-12) ** (self.norm_power - 1.0)
        table = items.T.contiguous()
        return self.over(lambda users: encoded.users[users] @ table)

    def over(self, base: Scorer) -> Scorer:
        """``base`` plus the dials."""
        if not self.dials:
            return base

        def total(users: Tensor) -> Tensor:
            scores = base(users)
            for dial in self.dials:
                scores = scores + dial(users)
            return scores

        return total


class ContentMatch:
    """``weight * sum over the user's train items j of S[j, i]``, S the cosine of the ``neighbours`` nearest texts.

    The frozen text match at scoring time (published-results 5.3, rank 2); on top of EASE it is the closed-form hybrid
    ``X (B + weight S)`` that every GNN hybrid has to beat.
    """

    def __init__(self, train: Interactions, text: Tensor | None, weight: float, neighbours: int) -> None:
        if text is None:
            raise Mistake("score=content needs item text, but text=none was given. Set text=minilm, or score=dot.")
        self.num_items = train.num_items
        self.offsets, self.items = train.by_user
        values, self.columns = nearest(text, neighbours)
        self.values = values * weight

    def __call__(self, users: Tensor) -> Tensor:
        """[B] -> [B, I]"""
        device = users.device
        rows, history = histories(self.offsets.to(device), self.items.to(device), users)
        places = rows[:, None] * self.num_items + self.columns.to(device)[history]
        total = torch.zeros(len(users) * self.num_items, device=device)
        total.index_add_(0, places.flatten(), self.values.to(device)[history].flatten())
        return total.view(len(users), self.num_items)


def histories(offsets: Tensor, items: Tensor, users: Tensor) -> tuple[Tensor, Tensor]:
    """The train items of ``users`` [B] laid end to end: row in the batch [n] and item [n]."""
    first, last = offsets[users], offsets[users + 1]
    lengths = last - first
    rows = torch.repeat_interleave(torch.arange(len(users), device=users.device), lengths)
    start = torch.cumsum(lengths, 0) - lengths
    return rows, items[torch.arange(len(rows), device=users.device) - start[rows] + first[rows]]

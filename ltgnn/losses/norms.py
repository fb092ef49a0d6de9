"""The penalty of SELFRec: norms that are not squared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge
from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.regularisers import layer_of
from ltgnn.types import Batch, Encoded, Loss


class Norm(Loss):
    """``weight * sum of |X|_F / rows of X`` over the batch's rows of users, positives and, if asked, negatives.

    On the chosen ``layers``, or on the final states where None. This is what SELFRec calls L2 in SimGCL and XSimGCL,
    on final states without negatives.
    """

    local = True

    def __init__(
        self, weight: Annotated[float, Ge(0)], layers: Sequence[Annotated[int, Ge(0)]] | None, negatives: bool
    ) -> None:
        self.weight, self.layers, self.negatives = weight, layers, negatives

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        sides = len(main.users), len(main.items)
        tables = (
            [(main.users, main.items)]
            if self.layers is None
            else [layer_of(main, layer).split(sides) for layer in self.layers]
        )
        total = main.users.new_zeros(())
        for users, items in tables:
            parts = [F.embedding(batch.users, users), F.embedding(batch.pos, items)]
            if self.negatives:
                parts.append(F.embedding(batch.neg.flatten(), items))
            for part in parts:
                total = total + part.norm() / max(1, len(part))
        return self.weight * total

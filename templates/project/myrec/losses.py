"""A loss of one's own: the hinge on sampled negatives."""

from typing import Annotated

from annotated_types import Gt
from ltgnn.losses.rows import scores
from ltgnn.types import Batch, Encoded, Loss
from torch import Tensor


class Hinge(Loss):
    """``mean max(0, margin - s(u, pos) + s(u, neg))`` over the negatives of each pair.

    The attributes say what holds of it: it needs the states of the batch's nodes alone (`local`), it
    is a mean over rows, and its scores are sums over the columns of the states.
    """

    local = row_separable = column_separable = True
    negatives_from = "sampler"

    def __init__(self, margin: Annotated[float, Gt(0)]) -> None:
        self.margin = margin

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        pos, neg = scores(main, batch, cosine=False)  # [B], [B, S]
        loss: Tensor = (self.margin - pos.unsqueeze(1) + neg).clamp(min=0).mean()
        return loss

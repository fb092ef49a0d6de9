"""PSL: the softmax loss with another function in the place of the exponential."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import torch
from annotated_types import Ge
from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.bilateral import log_mean_exp
from ltgnn.losses.cosines import check_temperature, cosines
from ltgnn.losses.ranking import RankingLoss
from ltgnn.types import Batch, Encoded, UserError

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": lambda d: torch.tanh(d) + 1,
    "atan": lambda d: torch.atan(d) + 1,
    "relu": lambda d: F.relu(d + 1),
    "exp": torch.exp,
}


class PairwiseSoftmax(RankingLoss):
    """``log mean over negatives a((c- - c+) / 2)^(1/t)`` with ``c`` the cosine; ``[d >= 0] <= a(d) <= e^d``.

    ``activation``: ``tanh(d) + 1``, ``atan(d) + 1``, ``relu(d + 1)``, or ``exp``, with which it is SL at temperature
    ``2 t``. Bounded activations stop false negatives from ruling the loss. Source: Yang et al., "PSL: rethinking and
    improving softmax loss from pairwise perspective" (NeurIPS 2024, arXiv:2411.00163), eq. 4.1; the half, which keeps
    the difference within -1..1, is the authors'. A sum in place of the mean adds a constant.
    """

    local = True
    negatives_from = "batch"

    def __init__(
        self,
        temperature: Annotated[float, Ge(1e-6)],
        activation: Literal["tanh", "atan", "relu", "exp"],
        in_batch: bool,
        mask_own: bool,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise UserError(f"loss.ranking.activation={activation} given, one of {', '.join(ACTIVATIONS)} wanted.")
        self.temperature = check_temperature(temperature)
        self.activation, self.in_batch, self.mask_own = ACTIVATIONS[activation], in_batch, mask_own

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        pos, neg = cosines(main, batch, self.in_batch, self.mask_own, "psl")
        absent = torch.isinf(neg)  # set to 0 for the activation: its gradient at -inf would be nan
        difference = (neg.masked_fill(absent, 0) - pos.unsqueeze(1)) / 2
        logits = self.activation(difference).log() / self.temperature
        return log_mean_exp(logits.masked_fill(absent, -torch.inf))

"""InfoNCE: the same node in two views is a positive pair, other nodes are negatives."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.losses.cosines import check_temperature
from ltgnn.types import Batch, Encoded, Loss, UserError


class InfoNCE(nn.Module, Loss):
    """``weight * (nce(users) + nce(items))``, ``nce = mean -log( e^(<a_n, b_n>/t) / sum over m of e^(<a_n, b_m>/t) )``.

    Cosines of the two views' states, over the distinct users and distinct positive items of the batch. One view is
    paired with the main pass, as in XSimGCL (TKDE 2023); two views with each other, as in SGL (SIGIR 2021) and SimGCL
    (SIGIR 2022). ``negatives``: ``batch`` or ``all`` nodes of the kind; ``reduction``: ``mean`` over the distinct
    nodes, or their ``sum`` over the batch size (libraries differ).
    """

    needs_views = True

    def __init__(
        self,
        weight: Annotated[float, Ge(0)],
        temperature: Annotated[float, Ge(1e-6)],
        negatives: Literal["batch", "all"],
        reduction: Literal["mean", "sum"],
    ) -> None:
        super().__init__()
        check_choice("negatives", negatives, ("batch", "all"))
        check_choice("reduction", reduction, ("mean", "sum"))
        self.weight, self.negatives, self.reduction = weight, negatives, reduction
        self.temperature = check_temperature(temperature, "loss.contrast.temperature")

    def forward(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        if not views:
            raise UserError(
                "the contrastive loss needs other views of the graph, but views=clean gives none. "
                "Set views=edge_drop, simgcl or xsimgcl, or a loss without contrast."
            )
        first, second = (main, views[0]) if len(views) == 1 else (views[0], views[1])
        users, items = torch.unique(batch.users), torch.unique(batch.pos)
        terms = (
            info_nce(first.users, second.users, users, self.temperature, self.negatives),
            info_nce(first.items, second.items, items, self.temperature, self.negatives),
        )
        if self.reduction == "sum":
            return self.weight * (terms[0].sum() + terms[1].sum()) / len(batch.users)
        return self.weight * (terms[0].mean() + terms[1].mean())


def info_nce(first: Tensor, second: Tensor, nodes: Tensor, temperature: float, negatives: str) -> Tensor:
    """``-log softmax`` of each of ``nodes`` [n] among the ``negatives`` (these, or all) of ``second``.  [n]"""
    mine = F.normalize(F.embedding(nodes, first), dim=-1)
    positives = F.normalize(F.embedding(nodes, second), dim=-1)
    others = positives if negatives == "batch" else F.normalize(second, dim=-1)
    return torch.logsumexp(mine @ others.T / temperature, 1) - (mine * positives).sum(-1) / temperature


def check_choice(key: str, given: str, choices: tuple[str, ...]) -> None:
    """``UserError`` unless ``given`` is one of the options of ``key``."""
    if given not in choices:
        raise UserError(f"{key}={given} given, {' or '.join(choices)} wanted.")

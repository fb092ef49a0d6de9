"""UltraGCN: the limit of infinitely many layers as weights of the loss, on plain tables of users and items.

Mao et al., CIKM 2021, arXiv:2110.15114, and the authors' code. The code sums its terms over a batch; here all three are
divided by the batch size, which leaves their proportions, and with Adam the steps, as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.losses.rows import scores
from ltgnn.types import Batch, Encoded, Groups, Interactions, Loss, UserError


def beta(receiver: Tensor, sender: Tensor) -> tuple[Tensor, Tensor]:
    """``sqrt(d_u + 1) / d_u`` and ``1 / sqrt(d_i + 1)``: their product weighs the pair (u, i); 0 where ``d_u`` is 0."""
    left = torch.where(receiver > 0, (receiver + 1).sqrt() / receiver.clamp(min=1), torch.zeros_like(receiver))
    return left, (sender + 1).rsqrt()


class Constraint(nn.Module, Loss):
    """``sum -(w1 + w2 b_ui) log s(ui) + negative_weight mean over j of -(w3 + w4 b_uj) log(1 - s(uj))``, over B.

    ``s`` is the sigmoid of the inner product; the user-item constraint loss of UltraGCN (CIKM 2021, arXiv:2110.15114).
    """

    negatives_from = "sampler"

    user_beta: Tensor
    item_beta: Tensor

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        w1: Annotated[float, Ge(0)],
        w2: Annotated[float, Ge(0)],
        w3: Annotated[float, Ge(0)],
        w4: Annotated[float, Ge(0)],
        negative_weight: Annotated[float, Ge(0)],
    ) -> None:
        super().__init__()
        self.weights, self.negative_weight = (w1, w2, w3, w4), negative_weight
        user_beta, item_beta = beta(train.user_counts.float(), train.item_counts.float())
        self.register_buffer("user_beta", user_beta, persistent=False)
        self.register_buffer("item_beta", item_beta, persistent=False)

    def forward(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        if batch.neg.shape[1] == 0:
            raise UserError("loss=ultragcn needs sampled negatives, but the sampler draws none. Set sampler=uniform.")
        pos, neg = scores(main, batch, cosine=False)
        w1, w2, w3, w4 = self.weights
        of_user = self.user_beta[batch.user_numbers(batch.users)]
        positive = (w1 + w2 * of_user * self.item_beta[batch.pos]) * F.softplus(-pos)
        weight = w3 + w4 * of_user[:, None] * self.item_beta[batch.neg]  # [B, S]
        negative = (weight * F.softplus(neg)).mean(1)
        return (positive + self.negative_weight * negative).mean()


class ItemConstraint(nn.Module, Loss):
    """``weight * sum over the k items j next to i of -w_ij log s(uj)``, over B: the item-item loss of UltraGCN.

    ``w_ij = G_ij sqrt(g_i + 1) / g_i / sqrt(g_j + 1)`` with ``G = X'X`` and ``g`` its row sums; the largest k of a row.
    """

    neighbours: Tensor
    strength: Tensor

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        weight: Annotated[float, Ge(0)],
        neighbours: Annotated[int, Ge(1)],
    ) -> None:
        super().__init__()
        self.weight = weight
        strength, found = item_constraints(train, neighbours)
        self.register_buffer("strength", strength, persistent=False)
        self.register_buffer("neighbours", found, persistent=False)

    def forward(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        users = F.embedding(batch.users, main.users)
        near = F.embedding(self.neighbours[batch.pos], main.items)  # [B, k, d]
        terms = self.strength[batch.pos] * F.softplus(-(near @ users.unsqueeze(-1)).squeeze(-1))
        return self.weight * terms.sum(1).mean()


class WholeL2(Loss):
    """``weight * 1/2 sum ||.||^2`` over all rows of the first states, over B: the penalty of UltraGCN's code."""

    def __init__(self, weight: Annotated[float, Ge(0)]) -> None:
        self.weight = weight

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        return self.weight * 0.5 * main.layers[0].pow(2).sum() / len(batch.users)


def item_constraints(train: Interactions, k: int, block: int = 1024) -> tuple[Tensor, Tensor]:
    """The ``k`` largest ``w_ij`` of each item and where they are, an item itself among them.  [I, k], [I, k]"""
    from scipy.sparse import csr_matrix

    pairs = (train.users.numpy(), train.items.numpy())
    matrix = csr_matrix((torch.ones(len(train)).numpy(), pairs), shape=(train.num_users, train.num_items))
    gram = (matrix.T @ matrix).tocsr()
    degree = torch.from_numpy(gram.sum(1)).flatten().float()
    left, right = beta(degree, degree)
    values, columns = [], []
    for some in torch.arange(train.num_items).split(block):
        dense = torch.from_numpy(gram[some.numpy()].toarray()).float() * left[some, None] * right
        top = dense.topk(min(k, train.num_items), dim=1)
        values.append(top.values)
        columns.append(top.indices)
    return torch.cat(values), torch.cat(columns)

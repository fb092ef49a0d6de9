"""SASRec: causal self-attention over a history."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.types import UserError


class Block(nn.Module):
    """``y = q + attend(q, x, x)`` with ``q = norm(x)``, then ``norm(y) + W2 relu(W1 norm(y))``."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, nn.Dropout(dropout)
        self.first, self.second = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query, self.key, self.value, self.out = (nn.Linear(dim, dim) for _ in range(4))
        self.inner, self.outer = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, states: Tensor) -> Tensor:
        """[B, n, d] -> [B, n, d]; a position attends to itself and earlier ones."""
        normed = self.first(states)
        parts = (self.query(normed), self.key(states), self.value(states))
        query, key, value = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in parts)  # [B, h, n, d / h]
        heard = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        states = self.second(normed + self.dropout(self.out(heard.transpose(1, 2).flatten(2))))
        result: Tensor = states + self.dropout(self.outer(self.dropout(F.relu(self.inner(states)))))
        return result


class SelfAttention(nn.Module):
    """The state at the last event (SASRec, Kang & McAuley, ICDM 2018, arXiv:1808.09781).

    ``sqrt(d) x + p`` goes through the blocks and a norm; places are counted back from the last event, as they are in
    the original, which fills up on the left.
    """

    def __init__(
        self,
        dim: int,
        max_length: int,
        layers: Annotated[int, Ge(1)],
        heads: Annotated[int, Ge(1)],
        dropout: Annotated[float, Ge(0), Lt(1)],
    ) -> None:
        super().__init__()
        if dim % heads:
            raise UserError(f"model.encoder.body.heads={heads} does not divide dim={dim}: set one of them.")
        self.places = nn.Embedding(max_length + 1, dim)
        nn.init.normal_(self.places.weight, std=0.1)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(*(Block(dim, heads, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Tensor, last: Tensor) -> Tensor:
        """Vectors [B, n, d], the place of the last that counts [B] -> [B, d]; what comes later has no influence."""
        back = (last[:, None] - torch.arange(inputs.shape[1], device=last.device)).clamp(min=0)
        states = self.dropout(inputs * inputs.shape[2] ** 0.5 + self.places(back))
        states = self.norm(self.blocks(states))
        final: Tensor = states[torch.arange(len(last), device=last.device), last]
        return final

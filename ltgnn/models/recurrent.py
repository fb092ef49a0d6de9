"""GRU and LSTM over a history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn


class Recurrent(nn.Module):
    """The hidden state after the last event (GRU4Rec, Hidasi et al., ICLR 2016, arXiv:1511.06939); or that of an LSTM.

    ``cell``: torch.nn.GRU or LSTM; dropout on its inputs.
    """

    def __init__(
        self,
        dim: int,
        max_length: int,
        cell: Callable[..., nn.Module],
        layers: Annotated[int, Ge(1)],
        dropout: Annotated[float, Ge(0), Lt(1)],
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.cell = cell(dim, dim, num_layers=layers, batch_first=True)

    def forward(self, inputs: Tensor, last: Tensor) -> Tensor:
        """Vectors [B, n, d], the place of the last that counts [B] -> [B, d]; what comes later has no influence."""
        hidden, _ = self.cell(self.dropout(inputs))
        states: Tensor = hidden[torch.arange(len(last), device=last.device), last]
        return states

"""How the states of all layers become the final embedding.

A node without neighbours receives no messages: its layers after the first are 0. Readouts that omit layer 0 keep
it for such nodes, or all cold items would be one and the same zero vector, whatever their content.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor

from ltgnn.types import UserError


class LayerReadout:
    """Base of the readouts: the states of all layers become the final embedding."""

    def __call__(self, layers: Sequence[Tensor]) -> Tensor:
        """``(L + 1) x [N, d] -> [N, d]``, each node from its own layers only."""
        raise NotImplementedError

    def coefficients(self, num_layers: int) -> list[float] | None:
        """Weight of each layer 0..L in the final state; None where it depends on the states."""
        return None


def _total(layers: Sequence[Tensor]) -> Tensor:
    total = layers[0]
    for layer in layers[1:]:
        total = total + layer
    return total


def _first_where_isolated(states: Tensor, first: Tensor) -> Tensor:
    """``states`` [N, d], but the first state of nodes that are 0 in them."""
    return torch.where(states.any(1, keepdim=True), states, first)


class Mean(LayerReadout):
    """``g * x_0 + (1 - g) * mean(x_1 .. x_L)``, with ``ego`` the weight of layer 0.

    true: that of any other layer, 1 / (L + 1) (LightGCN, SIGIR 2020); false: none (SimGCL, SIGIR 2022); a number: that
    (gamma of LightGCN++, RecSys 2024).
    """

    def __init__(self, ego: bool | Annotated[float, Ge(0), Le(1)]) -> None:
        if not 0 <= ego <= 1:
            raise UserError(f"model.encoder.readout.ego={ego} given; true, false or a number from 0 to 1 wanted.")
        self.ego = ego

    def coefficients(self, num_layers: int) -> list[float] | None:
        if num_layers == 0:
            return [1.0]
        if self.ego is True:
            return [1 / (num_layers + 1)] * (num_layers + 1)
        return [self.ego, *[(1 - self.ego) / num_layers] * num_layers] if 0 < self.ego < 1 else None

    def __call__(self, layers: Sequence[Tensor]) -> Tensor:
        if len(layers) == 1:
            return layers[0]
        if self.ego is True:
            return _total(layers) / len(layers)
        rest = _total(layers[1:]) / (len(layers) - 1)
        return self.ego * layers[0] + (1 - self.ego) * rest if self.ego else _first_where_isolated(rest, layers[0])


class Sum(LayerReadout):
    """Sum of the layers: what SSLRec calls LightGCN."""

    def __init__(self, ego: bool) -> None:
        self.ego = ego

    def coefficients(self, num_layers: int) -> list[float] | None:
        return [1.0] * (num_layers + 1) if self.ego or num_layers == 0 else None

    def __call__(self, layers: Sequence[Tensor]) -> Tensor:
        return _total(layers) if self.ego or len(layers) == 1 else _first_where_isolated(_total(layers[1:]), layers[0])


class Last(LayerReadout):
    """Only the last layer."""

    def __call__(self, layers: Sequence[Tensor]) -> Tensor:
        return _first_where_isolated(layers[-1], layers[0])

"""How the states of all layers become the final embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

Readout = Callable[[Sequence[Tensor]], Tensor]
"""``(L + 1) x [N, d] -> [N, d]``"""


def _total(layers: Sequence[Tensor]) -> Tensor:
    total = layers[0]
    for layer in layers[1:]:
        total = total + layer
    return total


class Mean:
    """Mean of layers 0..L, or of 1..L without the ego layer (SimGCL); LightGCN's choice."""

    def __init__(self, ego: bool) -> None:
        self.ego = ego

    def __call__(self, layers: Sequence[Tensor]) -> Tensor:
        chosen = layers if self.ego or len(layers) == 1 else layers[1:]
        return _total(chosen) / len(chosen) if len(chosen) > 1 else chosen[0]


class Sum:
    """Sum of the layers: what SSLRec calls LightGCN."""

    def __init__(self, ego: bool) -> None:
        self.ego = ego

    def __call__(self, layers: Sequence[Tensor]) -> Tensor:
        return _total(layers if self.ego or len(layers) == 1 else layers[1:])


class Last:
    """The last layer alone."""

    def __call__(self, layers: Sequence[Tensor]) -> Tensor:
        return layers[-1]

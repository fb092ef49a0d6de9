"""From text width to model width."""

from __future__ import annotations

from torch import nn


class Linear(nn.Sequential):
    """One linear map.  [I, D] -> [I, d]"""

    def __init__(self, text_dim: int, dim: int) -> None:
        super().__init__(nn.Linear(text_dim, dim))


class MLP(nn.Sequential):
    """Two layers with LeakyReLU (AlphaRec, ICLR 2025); ``hidden`` is the width between.  [I, D] -> [I, d]"""

    def __init__(self, text_dim: int, dim: int, hidden: int) -> None:
        super().__init__(nn.Linear(text_dim, hidden), nn.LeakyReLU(), nn.Linear(hidden, dim))

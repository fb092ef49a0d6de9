"""Controls: features with all of the real ones but the meaning. A gain that survives them is not due to the text."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ltgnn.features.transform import Step


@dataclass(frozen=True)
class Shuffled(Step):
    """Real features on the wrong items: a random cyclic permutation, so that no item keeps its own."""

    seed: int

    def __call__(self, values: Tensor, fit: Tensor) -> Tensor:
        return self.move(values)

    def move(self, known: Tensor) -> Tensor:
        """Each row to another item.  [I, ...] -> [I, ...]"""
        order = torch.randperm(len(known), generator=torch.Generator().manual_seed(self.seed))
        moved = torch.empty_like(known)
        moved[order] = known[order.roll(1)]
        return moved


@dataclass(frozen=True)
class Random(Step):
    """Noise with the shape, the mean and the covariance, and so the spectrum, of the real features.

    With centred features ``X = U S V'``, ``U`` is replaced by random orthonormal columns that sum to 0.
    """

    seed: int

    def __call__(self, values: Tensor, fit: Tensor) -> Tensor:
        wide = values.double()
        mean = wide.mean(0)
        _, spread, axes = torch.linalg.svd(wide - mean, full_matrices=False)  # [r], [r, D]
        rank = min(len(spread), len(values) - 1)  # centred rows span no more
        noise = torch.randn(len(values), rank, dtype=torch.float64, generator=torch.Generator().manual_seed(self.seed))
        directions, _ = torch.linalg.qr(noise - noise.mean(0))
        random: Tensor = directions * spread[:rank] @ axes[:rank] + mean
        return random.float()

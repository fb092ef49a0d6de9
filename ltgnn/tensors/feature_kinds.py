"""The kinds of features side by side (text, images, numbers ...), each with a weight."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ltgnn.types import Block, UserError

ALL = "features"
"""What all columns are called where no blocks are known."""


class FeatureKinds:
    """Splits features [I, D] into their kinds (``Features.blocks``).

    ``weights``: kind -> weight, 0 leaves a kind out; empty: 1 for each.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = dict(weights)
        self.blocks: dict[str, Block] = {}  # known where ``with_blocks`` told them
        if any(weight < 0 for weight in self.weights.values()):
            raise UserError(f"weights of kinds of features: {self.weights} given, numbers of at least 0 wanted.")

    def with_blocks(self, blocks: Mapping[str, Block]) -> FeatureKinds:
        """The same kinds in features with these blocks."""
        made = FeatureKinds(self.weights)
        made.blocks = dict(blocks)
        return made

    def blocks_of(self, features: Tensor) -> dict[str, Block]:
        """Columns of each kind, and the items that have it; all columns where no blocks are known."""
        blocks = self.blocks or {ALL: Block(slice(0, features.shape[1]), features.any(1).cpu())}
        self.weights_of(blocks)
        return blocks

    def split(self, features: Tensor) -> dict[str, Tensor]:
        """The columns of each kind in their order, 0 in the row of an item that does not have it.  kind -> [I, D_k]"""
        return {
            name: torch.where(known.to(features.device)[:, None], features[:, columns], 0.0)
            for name, (columns, known) in self.blocks_of(features).items()
        }

    def weights_of(self, kinds: Mapping[str, object]) -> dict[str, float]:
        """The weight of each of the kinds; ``UserError`` unless all are named, or none."""
        if not self.weights:
            return dict.fromkeys(kinds, 1.0)
        if set(self.weights) != set(kinds):
            raise UserError(
                f"weights of kinds of features: {self.weights} given, a weight for each of {', '.join(kinds)} wanted, "
                "or none for equal ones: these are the kinds that features= has here."
            )
        return {name: float(self.weights[name]) for name in kinds}

    def shares_of(self, kinds: Mapping[str, object]) -> dict[str, float]:
        """The weights divided by their sum; ``UserError`` where they are all 0."""
        weights = self.weights_of(kinds)
        total = sum(weights.values())
        if total <= 0:
            raise UserError(f"weights of kinds of features: {self.weights} given, one above 0 wanted.")
        return {name: weight / total for name, weight in weights.items()}

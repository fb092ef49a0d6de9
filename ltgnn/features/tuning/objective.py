"""Objectives of tuning: batches drawn only from (seed, epoch, step), and their loss.

So a resumed run continues exactly. An objective sees the train part and no other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.types import UserError

Rows = NDArray[np.int64]


class Objective(nn.Module):
    """``steps`` batches an epoch over ``units`` (items or pairs), shuffled anew each epoch, at most ``examples``."""

    def __init__(
        self, encoder: TunedEncoder, units: int, batch_size: int, seed: int, examples: int | None = None
    ) -> None:
        super().__init__()
        self.encoder, self.units, self.batch_size, self.seed = encoder, units, batch_size, seed
        self.used = units if examples is None else min(examples, units)
        if self.used < 2 or batch_size < 2:
            raise UserError(f"batch_size={batch_size} over {self.used} training units; each has to be 2 or more")
        self._order: tuple[int, Rows] = (-1, np.empty(0, np.int64))

    @property
    def steps(self) -> int:
        """Batches an epoch; a last batch of one unit is left out."""
        return self.used // self.batch_size + (self.used % self.batch_size > 1)

    def rows(self, epoch: int, step: int) -> Rows:
        """The units of a batch."""
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self.seed, epoch]).permutation(self.units)
        return self._order[1][: self.used][step * self.batch_size : (step + 1) * self.batch_size]

    def rng(self, epoch: int, step: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, epoch, step])

    def batch(self, epoch: int, step: int) -> Any:
        raise NotImplementedError

    def forward(self, batch: Any) -> Tensor:
        """The loss of a batch, a scalar."""
        raise NotImplementedError

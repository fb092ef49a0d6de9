"""How the learning rate moves over a training: share of the steps done, 0..1 -> factor of ``lr``."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Le, Lt

from ltgnn.types import UserError


class Linear:
    """Up from 0 over the share ``warmup`` of the steps, then down to ``floor`` at the last: noise is annealed.

    The steps are those of ``epochs``; a run that stops early stops on the way.
    """

    def __init__(self, warmup: Annotated[float, Ge(0), Lt(1)], floor: Annotated[float, Ge(0), Le(1)]) -> None:
        if not 0 <= warmup < 1 or not 0 <= floor <= 1:
            raise UserError(f"schedule: warmup={warmup}, floor={floor} given; 0 <= warmup < 1, 0 <= floor <= 1 wanted.")
        self.warmup, self.floor = warmup, floor

    def __call__(self, done: float) -> float:
        if done < self.warmup:
            return done / self.warmup
        left = (1 - done) / (1 - self.warmup)
        return self.floor + (1 - self.floor) * max(0.0, left)

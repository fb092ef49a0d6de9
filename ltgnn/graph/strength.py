"""How much an interaction counts in the graph: by its event, by its age."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from annotated_types import Gt, Le
from torch import Tensor

from ltgnn.types import Interactions, UserError


class Strength:
    """Base of what makes an interaction count."""

    is_fixed: ClassVar[bool] = False
    """Whether a later interaction leaves the strength of earlier ones unchanged."""

    def __call__(self, train: Interactions) -> Tensor:
        """``train -> [E] float64, > 0``"""
        raise NotImplementedError


class FixedStrength(Strength):
    """The strength that some interactions had in another graph."""

    def __init__(self, values: Tensor) -> None:
        self.values = values

    def __call__(self, train: Interactions) -> Tensor:
        return self.values


class Events(Strength):
    """The weight of the event (click < cart < purchase), to the ``power``; 0 makes all events equal."""

    is_fixed: ClassVar[bool] = True

    def __init__(self, power: float) -> None:
        self.power = power

    def __call__(self, train: Interactions) -> Tensor:
        if train.weights is None:
            raise UserError(
                "graph/strength=events needs weights of the interactions, and this data has none: name the column "
                "in data.reader.weight, or that of the kind of event in data.reader.event with their weights in "
                "data.reader.event_weights, or set graph/strength=none."
            )
        if bool((train.weights <= 0).any()):
            raise UserError("graph/strength=events: an interaction has a weight of 0 or less; weights > 0 wanted.")
        return train.weights.double().pow(self.power)


class Decay(Strength):
    """``2^(-age / half_life)`` with the age counted back from the last train interaction, in days.

    Times are seconds; ``floor`` is the least that is left of an old interaction.
    """

    def __init__(self, half_life: Annotated[float, Gt(0)], floor: Annotated[float, Gt(0), Le(1)]) -> None:
        if half_life <= 0 or not 0 < floor <= 1:
            raise UserError(
                f"graph.strength.decay: half_life={half_life}, floor={floor}; half_life > 0, 0 < floor <= 1 wanted."
            )
        self.half_life, self.floor = half_life, floor

    def __call__(self, train: Interactions) -> Tensor:
        if train.times is None:
            raise UserError(
                "graph/strength=decay needs the times of the interactions, and this data has none: name the column in "
                "data.reader.time, or set graph/strength=none."
            )
        days = (train.times.max() - train.times.double()) / 86400
        return torch.exp2(-days / self.half_life).clamp_min(self.floor)

"""Transforms of features, fit_map on the items seen in training and applied to all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from ltgnn.tensors.ridge import ridge_root
from ltgnn.types import UserError

Map = Callable[[Tensor], Tensor]
"""``[n, D] -> [n, d]``, row by row"""


@dataclass(frozen=True)
class Step:
    """``(values [I, D], fit [I] bool) -> [I, d]``; its name and fields are its identity in the key of the features."""

    changes_features: ClassVar[bool] = True

    def __call__(self, values: Tensor, fit: Tensor) -> Tensor:
        return self.fit_map(values, fit)(values)

    def fit_map(self, values: Tensor, fit: Tensor) -> Map:
        """The step for a row, such as a text that is not an item: fit_map on the rows ``fit`` of the items."""
        raise UserError(f"{type(self).__name__} is fit_map to all items at once and cannot read another text.")

    def move(self, known: Tensor) -> Tensor:
        """Which rows are known after the step, where ``known`` were before it.  [I] bool -> [I] bool"""
        return known

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"class": type(self).__name__, **asdict(self)}


@dataclass(frozen=True)
class OfKnown(Step):
    """Another step on the rows of items that are ``known`` [I] bool alone; those of the others are 0 after it, too.

    A control then keeps which items have something, and a transform is fitted to no row of zeros.
    """

    step: Step
    known: Tensor

    def __call__(self, values: Tensor, fit: Tensor) -> Tensor:
        if not self.step.changes_features:
            return values
        made = self.step(values[self.known], fit[self.known])
        changed = made.new_zeros(len(values), made.shape[1])
        changed[self.known] = made
        return changed

    def fit_map(self, values: Tensor, fit: Tensor) -> Map:
        """Rows of zeros stay zeros."""
        made = self.step.fit_map(values[self.known], fit[self.known])

        def keep_zeros(rows: Tensor) -> Tensor:
            return made(rows) * rows.any(1, keepdim=True)

        return made if made is keep_rows else keep_zeros

    @property
    def identity(self) -> Mapping[str, Any]:
        return self.step.identity


@dataclass(frozen=True)
class Keep(Step):
    """The features as they are."""

    changes_features: ClassVar[bool] = False

    def fit_map(self, values: Tensor, fit: Tensor) -> Map:
        return keep_rows


@dataclass(frozen=True)
class Centre(Step):
    """Less the mean of the items seen in training."""

    def fit_map(self, values: Tensor, fit: Tensor) -> Map:
        centre = values[fit].double().mean(0).float()
        return lambda rows: rows - centre


@dataclass(frozen=True)
class UnitLength(Step):
    """Each row to length 1 (L2); a row of zeros stays."""

    def fit_map(self, values: Tensor, fit: Tensor) -> Map:
        return torch.nn.functional.normalize


@dataclass(frozen=True)
class Principal(Step):
    """Centred and rotated to the first ``dim`` principal components; ``whiten``: each of variance 1.

    Mean and components come from the items seen in training. Components without variance are omitted from a whitening;
    the sign of a component is that of its largest loading, so that the same features give the same columns everywhere.
    """

    dim: Annotated[int, Ge(1)] | None  # None: all components
    whiten: bool

    def fit_map(self, values: Tensor, fit: Tensor) -> Map:
        width = values.shape[1]
        dim = width if self.dim is None else self.dim
        if not 0 < dim <= width:
            raise UserError(
                f"features.transform.dim={self.dim}, but the features have {width} columns; give 1 to {width}, or null"
            )
        wide = values.double()
        centre = wide[fit].mean(0)
        variances, axes = torch.linalg.eigh(torch.cov((wide[fit] - centre).T, correction=0).reshape(width, width))
        variances, axes = variances.flip(0)[:dim], axes.flip(1)[:, :dim]
        largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
        axes = axes * largest.sign()
        if self.whiten:
            alive = variances > 1e-10 * variances[0]
            axes = axes[:, alive] / variances[alive].sqrt()
        return lambda rows: ((rows.double() - centre) @ axes).float()


@dataclass(frozen=True)
class Ridge(Step):
    """Centred, of unit length, and multiplied by a root of ``(T'T + l2 I)^-1``, T the rows seen in training.

    Inner products are then those of text EASE (``ltgnn.tensors.ridge.ridge_weights``) without its diagonal; ``l2`` to 0
    is a whitening. Rows of zeros stay.
    """

    l2: Annotated[float, Gt(0)]

    def fit_map(self, values: Tensor, fit: Tensor) -> Map:
        there = fit & (values != 0).any(1)
        centre = values[there].double().mean(0)

        def unit(rows: Tensor) -> Tensor:
            return torch.nn.functional.normalize((rows.double() - centre) * (rows != 0).any(1, keepdim=True), dim=1)

        root = ridge_root(unit(values[there]), self.l2)
        return lambda rows: (unit(rows) @ root).float()


def keep_rows(rows: Tensor) -> Tensor:
    return rows

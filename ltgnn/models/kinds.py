"""A map for each kind of features: kinds are dropped in training, and a kind that an item lacks can be left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from ltgnn.models.projection import ProjectorPerKind
from ltgnn.types import Features, UserError


class Kinds(NamedTuple):
    """Which columns are of which kind, and how the row of an item without a kind looks."""

    columns: Mapping[str, slice]  # of [I, D], side by side in this order
    absent: Tensor  # [D]: what an item has in the columns of a kind that it lacks


class KindProjector(ProjectorPerKind):
    """``y_i = sum_k w_ik f_k(x_ik) + m_ik e_k``, a projector ``f_k`` of its own for each kind ``k`` of features.

    ``dropout``: the chance that an item's kind counts as lacking in a training pass, drawn for each item and kind (as
    in ModDrop, Neverova et al., TPAMI 2016, arXiv:1501.00102). ``rescale``: in training the kinds that are left are
    divided by ``1 - dropout``, so that the mean over the draws is the sum in evaluation.

    ``missing``: what counts of a kind that an item lacks. ``keep``: what the projector makes of its row (``w = 1``);
    ``mask``: nothing; ``learned``: ``e_k`` [d], one vector a kind, trained with the rest (``m = 1``), also in place of
    a dropped kind. An item without any kind is 0 with the latter two, so that it is not taken for known.

    ``kinds`` comes from the features; None: all columns are one kind, which an item lacks where they are 0. Rows beside
    those of the items lack a kind where they equal the row of an item without it.
    """

    absent: Tensor

    def __init__(
        self,
        features_dim: int,
        dim: int,
        projector: Callable[..., nn.Module],
        dropout: Annotated[float, Ge(0), Lt(1)],
        rescale: bool,
        missing: Literal["keep", "mask", "learned"],
        kinds: Kinds | None = None,
    ) -> None:
        columns, absent = kinds or Kinds({"features": slice(0, features_dim)}, torch.zeros(features_dim))
        if not 0 <= dropout < 1:
            raise UserError(f"projector.dropout={dropout} given, 0 <= dropout < 1 wanted.")
        if missing not in ("keep", "mask", "learned"):
            raise UserError(f"projector.missing={missing} given, keep, mask or learned wanted.")
        widths = {name: place.stop - place.start for name, place in columns.items()}
        super().__init__(features_dim, dim, widths, dict.fromkeys(widths, projector))
        self.dropout, self.rescale, self.missing = dropout, rescale, missing
        self.register_buffer("absent", absent, persistent=False)
        self.vectors = nn.Parameter(torch.zeros(len(widths), dim)) if missing == "learned" else None

    def each(self, features: Tensor) -> list[Tensor]:
        """What each kind adds.  [n, D] -> K x [n, d]"""
        there, kept = self.there(features), self.kept(len(features), features.device)
        counts = kept if self.missing == "keep" else there & kept  # [n, K]
        weight = counts.to(features.dtype)
        if self.rescale and self.training:
            weight = weight / (1 - self.dropout)
        found = [column[:, None] * part for column, part in zip(weight.T, super().each(features), strict=True)]
        if self.vectors is None:
            return found
        stand_in = (~counts & there.any(1, keepdim=True)).to(features.dtype)
        return [
            part + column[:, None] * vector
            for part, column, vector in zip(found, stand_in.T, self.vectors, strict=True)
        ]

    def there(self, features: Tensor) -> Tensor:
        """Which kinds each row has.  [n, K] bool"""
        differs = (features - self.absent).abs() > 1e-5 * (1 + self.absent.abs())
        return torch.stack([kind.any(1) for kind in torch.split(differs, self.widths, dim=1)], 1)

    def kept(self, rows: int, device: torch.device) -> Tensor:
        """Which kinds are not dropped in this pass, all of them in evaluation.  [n, K] bool"""
        shape = rows, len(self.widths)
        if not self.training or self.dropout == 0:
            return torch.ones(shape, dtype=torch.bool, device=device)
        return torch.rand(shape, device=device) >= self.dropout


def kinds_of(features: Features) -> Kinds:
    """The kinds of features side by side; those that state none are one kind."""
    absent = torch.zeros(features.values.shape[1])
    for place, known in features.blocks.values():
        if not known.all():
            absent[place] = features.values[int((~known).nonzero()[0]), place]
    columns = {name: block.columns for name, block in features.blocks.items()}
    return Kinds(columns or {"features": slice(0, features.values.shape[1])}, absent)


def give_kinds(fusion: Callable[..., Any], features: Features | None) -> Callable[..., Any]:
    """The fusion with a projector that knows the kinds of the features, where it is one that asks for them."""
    if features is None or not isinstance(fusion, partial):
        return fusion
    projector = fusion.keywords.get("projector")
    if not isinstance(projector, partial) or not makes_kinds(projector):
        return fusion
    given = partial(projector.func, *projector.args, **projector.keywords, kinds=kinds_of(features))
    return partial(fusion.func, *fusion.args, **fusion.keywords | {"projector": given})


def makes_kinds(projector: Callable[..., Any]) -> bool:
    """Whether it makes a ``KindProjector``."""
    made = projector.func if isinstance(projector, partial) else projector
    return isinstance(made, type) and issubclass(made, KindProjector)

"""From the width of the features to that of the model: the config group ``projector``.  [I, D] -> [I, d]"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Protocol, runtime_checkable

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.types import UserError

CONSTANT = "constant of the projector"
"""What a projector adds to every item alike, in a split by kind."""


Columns = Mapping[str, slice]
"""Kind of features -> its columns, side by side; together they are all columns."""


@runtime_checkable
class SplitsByKind(Protocol):
    """A projector whose result may be a sum over the kinds of features."""

    def by_kind(self, features: Tensor, columns: Columns) -> Mapping[str, Tensor]:
        """What each kind adds to the projection, and a constant, by name: [n, d] each. Empty: it is no such sum."""
        ...


class NoProjection(nn.Identity):
    """No projection: the features have the width of the model already."""

    def __init__(self, features_dim: int, dim: int) -> None:
        super().__init__()
        if features_dim != dim:
            raise UserError(
                f"projector=none needs features of the model's width, but they have {features_dim} columns and "
                f"dim={dim}: set features/transform=pca features.transform.dim={dim}, or dim={features_dim}, or "
                "projector=linear."
            )

    def by_kind(self, features: Tensor, columns: Columns) -> Mapping[str, Tensor]:
        """The columns of each kind, the others 0."""
        found = {name: torch.zeros_like(features) for name in columns}
        for name, place in columns.items():
            found[name][:, place] = features[:, place]
        return found


class Linear(nn.Sequential):
    """One linear map."""

    def __init__(self, features_dim: int, dim: int) -> None:
        super().__init__(nn.Linear(features_dim, dim))

    def by_kind(self, features: Tensor, columns: Columns) -> Mapping[str, Tensor]:
        """The product with the columns of each kind, and the bias."""
        linear = self[0]
        assert isinstance(linear, nn.Linear)
        weight, bias = linear.weight, linear.bias
        found = {name: features[:, place] @ weight[:, place].T for name, place in columns.items()}
        return found | {CONSTANT: bias.expand(len(features), -1)}


class MLP(nn.Sequential):
    """Two layers with LeakyReLU (AlphaRec, ICLR 2025, arXiv:2407.05441); ``hidden`` is the width between."""

    def __init__(self, features_dim: int, dim: int, hidden: Annotated[int, Ge(1)]) -> None:
        super().__init__(nn.Linear(features_dim, hidden), nn.LeakyReLU(), nn.Linear(hidden, dim))


class WhiteningExperts(nn.Module):
    """Mixture of parametric whitenings (UniSRec, KDD 2022, arXiv:2206.05941).

    ``y = sum_k g_k (dropout(x) - b_k) W_k`` with ``g = softmax(x W_g + n * softplus(x W_n))``; the noise
    ``n ~ N(0, 1)`` is there in training only.
    """

    def __init__(
        self,
        features_dim: int,
        dim: int,
        experts: Annotated[int, Ge(1)],
        dropout: Annotated[float, Ge(0), Lt(1)],
        noise: bool,
    ) -> None:
        super().__init__()
        if experts < 1:
            raise UserError(f"projector.experts={experts} given, at least 1 wanted.")
        self.dropout, self.noise = nn.Dropout(dropout), noise
        self.bias = nn.Parameter(torch.zeros(experts, features_dim))
        self.weight = nn.Parameter(0.02 * torch.randn(experts, features_dim, dim))
        self.gate = nn.Parameter(torch.zeros(features_dim, experts))
        self.gate_noise = nn.Parameter(torch.zeros(features_dim, experts))

    def forward(self, features: Tensor) -> Tensor:
        share = self.shares(features)  # [I, K]
        experts, _, dim = self.weight.shape
        wide = self.dropout(features) @ self.weight.permute(1, 0, 2).reshape(-1, experts * dim)  # [I, K d]
        moved = wide.view(-1, experts, dim) - torch.einsum("kw,kwd->kd", self.bias, self.weight)
        return torch.einsum("ik,ikd->id", share, moved)

    def shares(self, features: Tensor) -> Tensor:
        """How much of each expert an item takes; rows sum to 1.  [I, K]"""
        logits = features @ self.gate
        if self.noise and self.training:
            logits = logits + torch.randn_like(logits) * F.softplus(features @ self.gate_noise)
        return logits.softmax(-1)


class ProjectorPerKind(nn.Module):
    """A projector for each kind of features (text, numbers, image ...), the results added.

    ``widths``: kind -> columns, in the order of the features (``widths`` in features_card.json).
    """

    def __init__(
        self,
        features_dim: int,
        dim: int,
        widths: Mapping[str, Annotated[int, Ge(1)]],
        projectors: Mapping[str, Callable[..., nn.Module]],
    ) -> None:
        super().__init__()
        if sum(widths.values()) != features_dim or set(widths) != set(projectors):
            raise UserError(
                f"projector.widths={dict(widths)} and projector.projectors of {', '.join(projectors)}: wanted one of "
                f"each kind, widths that sum to {features_dim}, the columns of the features (`widths` in "
                "features_card.json)."
            )
        self.widths = list(widths.values())
        self.projectors = nn.ModuleList(projectors[kind](features_dim=width, dim=dim) for kind, width in widths.items())

    def each(self, features: Tensor) -> list[Tensor]:
        """The projection of each kind [I, d]."""
        kinds = torch.split(features, self.widths, dim=1)
        return [project(kind) for project, kind in zip(self.projectors, kinds, strict=True)]

    def by_kind(self, features: Tensor, columns: Columns) -> Mapping[str, Tensor]:
        """What each of the projectors gives, its bias included; nothing where they are of other kinds."""
        if [place.stop - place.start for place in columns.values()] != self.widths:
            return {}
        return dict(zip(columns, self.each(features), strict=True))

    def forward(self, features: Tensor) -> Tensor:
        return torch.stack(self.each(features)).sum(0)

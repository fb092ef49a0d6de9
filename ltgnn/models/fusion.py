"""How an item's id embedding and its features become one state: the config group ``fusion``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from ltgnn.models.whitening import whiten
from ltgnn.scoring.known_items import known_first
from ltgnn.types import UserError

Projector = Callable[..., nn.Module]
"""``(features_dim=D, dim=d) -> module [I, D] -> [I, d]``"""


def need_features(features_dim: int, fusion: str) -> None:
    """Refuse a fusion that reads item features when there are none."""
    if features_dim == 0:
        raise UserError(
            f"fusion={fusion} needs item features, but features=none was given. "
            "Set features=minilm (or another encoder, see `ltgnn train --help`), or fusion=id."
        )


class ItemFusion(nn.Module):
    """Base of all fusions. ``uses_ids``: whether an id table [I, d] is trained.

    ``cold_ids``: whether an item without train interactions keeps its id. If not it is 0, so that the
    item is known only by its content. ``column_separable``: each column of the state depends only on the same column of
    the ids. ``note``: what to know where ``parts`` splits the state, a sentence for ``ltgnn explain``.
    """

    uses_ids: ClassVar[bool] = True
    cold_ids: ClassVar[bool] = False
    reads_features: ClassVar[bool] = True
    column_separable: ClassVar[bool] = False
    note: ClassVar[str] = ""

    def initialise(self, ids: Tensor, features: Tensor | None, counts: Tensor) -> None:
        """Called once after the id table [I, d] got its usual initialisation; may overwrite it in place."""

    def known_items(self, features: Tensor | None, trained: Tensor) -> Tensor:
        """Items whose state is informative; the others are known by their neighbours or not at all.  [I] bool

        ``features`` [I, D]; ``trained`` [I] bool: items with a trained id. Here: these, and those with features
        where the fusion reads them.
        """
        return known_first(trained, features if self.reads_features else None)

    def project(self, features: Tensor) -> Tensor | None:
        """The states [n, d] of only the features [n, D]; None: the fusion projects none."""
        return None

    def parts(self, ids: Any, features: Any, counts: Tensor) -> tuple[Tensor, Tensor]:
        """The item state as what the ids and what the features add to it: 2 x [I, d] that sum to it, in evaluation.

        Shares that both decide together (gates, attention) are held where they are; a constant that is the same for all
        items goes with the ids. Here: all to the ids.
        """
        state = self(ids, features, counts)[0]
        return state, torch.zeros_like(state)


class Id(ItemFusion):
    """Ids only: the collaborative baseline."""

    reads_features: ClassVar[bool] = False
    projects_features = False
    column_separable: ClassVar[bool] = True

    def __init__(self, dim: int, features_dim: int) -> None:
        super().__init__()

    def forward(self, ids: Tensor, features: Tensor | None, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        return ids, None


class Projected(ItemFusion):
    """Base of the fusions with a projector from the width of the features to that of the model."""

    projector: nn.Module

    def project(self, features: Tensor) -> Tensor:
        projected: Tensor = self.projector(features)
        return projected

    def carry(self, part: Tensor, ids: Any, content: Tensor, counts: Tensor) -> Tensor:
        """What a summand ``part`` of the projected features ``content`` adds to the state, all of them [I, d]."""
        return part

    def known_items(self, features: Tensor | None, trained: Tensor) -> Tensor:
        """Those with a trained id, and those of whose features something is left by the projector."""
        assert features is not None
        return known_first(trained, self.project(features))


class ContentOnly(Projected):
    """Projected features only: items without interactions have states like all others."""

    uses_ids: ClassVar[bool] = False
    needs_features = True

    def __init__(self, dim: int, features_dim: int, projector: Projector) -> None:
        super().__init__()
        need_features(features_dim, "content")
        self.projector = projector(features_dim=features_dim, dim=dim)

    def forward(self, ids: None, features: Tensor, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        projected = self.project(features)
        return projected, projected

    def known_items(self, features: Tensor | None, trained: Tensor) -> Tensor:
        """There are no ids."""
        return super().known_items(features, torch.zeros_like(trained))

    def parts(self, ids: None, features: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """All to the features."""
        projected = self.project(features)
        return torch.zeros_like(projected), projected


class Init(ItemFusion):
    """Features as the starting point of a trainable id table (LLMInit's idea, asked for in LightGCN-PyTorch#25).

    The features are centred, rotated to ``d`` principal components and whitened, all on items seen in training,
    then scaled to the spread of the id initialisation it replaces. Where ``D < d`` the remaining columns keep it.
    """

    cold_ids: ClassVar[bool] = True
    projects_features = False
    needs_features = True
    column_separable: ClassVar[bool] = True
    note: ClassVar[str] = "fusion=init: the ids started from the features and were trained since; all counts as ids."

    def __init__(self, dim: int, features_dim: int) -> None:
        super().__init__()
        need_features(features_dim, "init")

    def initialise(self, ids: Tensor, features: Tensor | None, counts: Tensor) -> None:
        assert features is not None
        whitened = whiten(features, counts > 0, ids.shape[1])
        ids[:, : whitened.shape[1]] = whitened * ids.std()

    def known_items(self, features: Tensor | None, trained: Tensor) -> Tensor:
        """The state is the id."""
        return trained

    def forward(self, ids: Tensor, features: Tensor | None, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        return ids, None


class Mix(Projected):
    """Base of the fusions of both: features are projected, the id may be dropped, ``mix`` does the rest.

    ``id_dropout``: probability that an item's id part is 0 in a training pass, so that content has to carry the item
    only, as it does for items without train interactions (DropoutNet, NeurIPS 2017).
    """

    needs_features = True

    def __init__(
        self, dim: int, features_dim: int, projector: Projector, id_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    ) -> None:
        super().__init__()
        need_features(features_dim, re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower())
        if not 0 <= id_dropout < 1:
            raise UserError(f"fusion.id_dropout={id_dropout} given, 0 <= id_dropout < 1 wanted.")
        self.projector = projector(features_dim=features_dim, dim=dim)
        self.id_dropout = id_dropout

    def forward(self, ids: Tensor, features: Tensor, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        projected = self.project(features)
        return self.mix(self.dropped(ids), projected, counts), projected

    def dropped(self, ids: Tensor) -> Tensor:
        """The id table [I, d], in training less the dropped rows."""
        if self.id_dropout == 0 or not self.training:
            return ids
        return ids * (torch.rand(len(ids), 1, device=ids.device) >= self.id_dropout)

    def mix(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        """Ids [I, d], projected features [I, d], train counts [I] -> item state [I, d]."""
        raise NotImplementedError

    def parts(self, ids: Tensor, features: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """As ``ItemFusion.parts``: here a weighted sum of both, with the weights that ``share`` gives."""
        projected = self.project(features)
        share = self.share(ids, projected, counts)
        return share * ids, self.mix(ids, projected, counts) - share * ids

    def share(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        """Weight of the id, [I, d] or what spreads to it."""
        return torch.ones_like(ids)


class Sum(Mix):
    """``id + projected features``: the id embedding is the residual of the content."""

    def mix(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        return ids + content


class Gate(Mix):
    """``g * id + (1 - g) * projected`` with ``g = sigmoid(W [id; projected])``, one gate per item and dimension."""

    note: ClassVar[str] = (
        "fusion=gate: the gate is held where it is; g times the id counts as ids, (1 - g) times the features as "
        "features."
    )

    def __init__(
        self, dim: int, features_dim: int, projector: Projector, id_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    ) -> None:
        super().__init__(dim, features_dim, projector, id_dropout)
        self.gate = nn.Linear(2 * dim, dim)

    def mix(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        share = self.share(ids, content, counts)
        return share * ids + (1 - share) * content

    def share(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        """The gate.  [I, d]"""
        return torch.sigmoid(self.gate(torch.cat([ids, content], -1)))

    def carry(self, part: Tensor, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        return (1 - self.share(ids, content, counts)) * part


class AlignedContent(Mix):
    """Ids only in the graph; the projected features go to the losses that align the two (RLMRec, WWW 2024)."""

    for_losses_alone: ClassVar[bool] = True

    def __init__(self, dim: int, features_dim: int, projector: Projector) -> None:
        super().__init__(dim, features_dim, projector)

    def mix(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        return ids

    def known_items(self, features: Tensor | None, trained: Tensor) -> Tensor:
        """The state is the id."""
        return trained

"""What the features add to the states of items, as a sum over the kinds of features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from ltgnn.models.fusion import ItemFusion, Projected
from ltgnn.models.projection import Columns, SplitsByKind


@runtime_checkable
class FusesKinds(Protocol):
    """A fusion that treats the kinds of features apart."""

    def kinds(self, ids: Any, features: Any, counts: Tensor, columns: Columns) -> Mapping[str, Tensor] | None:
        """What each kind adds to the state, by name: [I, d] each; None: the kinds are others than those it has."""
        ...


def split_content(
    fusion: ItemFusion, ids: Any, features: Any, counts: Tensor, columns: Columns
) -> Mapping[str, Tensor] | None:
    """The second of ``fusion.parts`` as a sum over the kinds of features, by name: [I, d] each.

    Nothing where the fusion reads no features. None: it is no such sum, because the projector or the fusion is not
    linear in them. Shares that all features decide together (gates, attention) are held where they are.
    """
    if not fusion.reads_features:
        return {}
    if isinstance(fusion, FusesKinds):
        return fusion.kinds(ids, features, counts, columns)
    if not isinstance(fusion, Projected) or not isinstance(fusion.projector, SplitsByKind):
        return None
    content = fusion.project(features)
    found = fusion.projector.by_kind(features, columns)
    carried = {name: fusion.carry(part, ids, content, counts) for name, part in found.items()}
    total = sum(carried.values(), torch.zeros_like(content))
    wanted = fusion.parts(ids, features, counts)[1]
    return carried if carried and torch.allclose(total, wanted, rtol=1e-4, atol=1e-6) else None

"""Turbo-CF and MM-GF: filters of item-item graphs of interactions and of kinds of features, without training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
import torch
from annotated_types import Ge, Gt
from scipy.sparse import diags
from torch import Tensor

from ltgnn.models.closed_form.matrix import binary, linear_scorer, power
from ltgnn.tensors.feature_kinds import FeatureKinds
from ltgnn.types import Block, Interactions, Scorer, UserError

NotNegative = Annotated[float, Ge(0)]


class TurboCF:
    """``s = X P``, ``P = (R~'R~)^s`` entry by entry, ``R~ = D_U^-alpha X D_I^(alpha - 1)``: a linear low-pass filter.

    ``alpha`` weighs the degrees of users against those of items; ``exponent`` s < 1 lifts small weights. P is dense
    [I, I]; ``max_items`` rejects a catalogue that would not fit. Source: Park et al., "Turbo-CF: Matrix
    decomposition-free graph filtering for fast recommendation" (SIGIR 2024, arXiv:2404.14243), its first-order filter.
    """

    reads_features: ClassVar[bool] = False
    option: ClassVar[str] = "turbo_cf"
    """What errors call it."""

    def __init__(self, alpha: float, exponent: Annotated[float, Gt(0)], max_items: Annotated[int, Ge(1)]) -> None:
        self.alpha, self.exponent, self.max_items = alpha, exponent, max_items

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        if train.num_items > self.max_items:
            raise UserError(
                f"model={self.option} on {train.num_items:,} items needs about {1.2e-8 * train.num_items**2:.0f} GB; "
                f"the limit is {self.max_items:,} items. Raise model.closed_form.max_items if the memory is there, or "
                "set model=gfcf, which has no such matrix."
            )
        return linear_scorer(train, self.weights(train, features))

    def weights(self, train: Interactions, features: Tensor | None) -> Tensor:
        """``P`` of the interactions.  [I, I] float32"""
        matrix = binary(train)
        weighted = diags(power(train.user_counts, -2 * self.alpha).astype(np.float32)) @ matrix
        both = torch.from_numpy((matrix.T @ weighted).toarray())
        scale = torch.from_numpy(power(train.item_counts, self.alpha - 1)).float()
        return both.mul_(scale[:, None]).mul_(scale).pow_(self.exponent)


class MultimodalFilter(TurboCF):
    """MM-GF: ``s = X (P + sum over kinds of features of w_k P_k)``, ``P`` that of ``TurboCF``.

    ``P_k = (F~ F~')^s`` with ``F~ = D_I^-alpha F D_c^(alpha - 1)``, ``F`` the features of the kind, each column less
    its median and divided by the distance of its quartiles, all less their minimum; ``D`` are the sums of its rows and
    columns. An item without the kind has no weights in ``P_k``. ``weights``: kind -> w_k; empty: 1 for each.

    Source: Roh et al., "Training-free graph filtering via multimodal feature refinement for extremely fast multimodal
    recommendation" (2025, arXiv:2503.04406), with first-order filters.
    """

    reads_features: ClassVar[bool] = True
    needs_features = True
    option: ClassVar[str] = "mm_gf"

    def __init__(
        self,
        alpha: float,
        exponent: Annotated[float, Gt(0)],
        max_items: Annotated[int, Ge(1)],
        weights: Mapping[str, NotNegative],
    ) -> None:
        super().__init__(alpha, exponent, max_items)
        self.kinds = FeatureKinds(weights)

    def with_blocks(self, blocks: Mapping[str, Block]) -> MultimodalFilter:
        """The same model for features with these blocks."""
        made = MultimodalFilter(self.alpha, self.exponent, self.max_items, {})
        made.kinds = self.kinds.with_blocks(blocks)
        return made

    def weights(self, train: Interactions, features: Tensor | None) -> Tensor:
        """``P + sum of w_k P_k``.  [I, I] float32"""
        if features is None:
            raise UserError("model=mm_gf needs item features, but features=none was given. Set features=minilm.")
        blocks = self.kinds.blocks_of(features)
        total, factors = super().weights(train, None), self.kinds.weights_of(blocks)
        for name, (columns, known) in blocks.items():
            where = torch.nonzero(known)[:, 0]
            if factors[name] > 0 and len(where):
                total[where[:, None], where] += factors[name] * self.similarity(features[where, columns])
        return total

    def similarity(self, values: Tensor) -> Tensor:
        """``P_k`` of the features [n, D] of the items that have the kind.  [n, n] float32"""
        scaled = scale_robustly(values.double())
        scaled -= scaled.min()
        of_items, of_columns = _power(scaled.sum(1), -self.alpha), _power(scaled.sum(0), self.alpha - 1)
        refined = (of_items[:, None] * scaled * of_columns).float()
        return (refined @ refined.T).pow_(self.exponent)


def scale_robustly(values: Tensor) -> Tensor:
    """Each column less its median, divided by the distance between its quartiles, where there is one.  [n, D]"""
    low, middle, high = (values.quantile(q, dim=0) for q in (0.25, 0.5, 0.75))
    spread = high - low
    return (values - middle) / torch.where(spread > 0, spread, 1.0)


def _power(sums: Tensor, exponent: float) -> Tensor:
    """``sum^exponent``, 0 where the sum is 0."""
    return torch.where(sums > 0, sums.clamp_min(1e-300) ** exponent, 0.0)

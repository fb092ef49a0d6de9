"""EASE, its relatives (denoised, relaxed, normalised by popularity), and EASE that sees features as further users."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Lt
from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.closed_form.inverse import invert_positive_definite
from ltgnn.models.closed_form.matrix import gram, linear_scorer
from ltgnn.types import Interactions, Scorer, UserError

NotNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Lt(1)]


class EASE:
    """Item-item ridge regression with zero diagonal, ``s = X B`` (Steck, WWW 2019, arXiv:1905.03375).

    ``P = (G + L)^-1``, ``B = -P / diag(P)`` by columns, 0 on the diagonal; ``G = X'X``, ``L = l2 I``. Time I^3, memory
    5.4 I^2 bytes in addition to the sparse product; ``max_items`` rejects a catalogue that would not fit. Relatives:

    - ``denoise`` p: ``L = l2 I + p / (1 - p) diag(G)`` (EDLAE: Steck, NeurIPS 2020).
    - ``relax`` xi: the diagonal of ``B`` may be up to xi before it is set to 0 (RLAE, and with ``denoise`` RDLAE: Moon
      et al., SIGIR 2023, arXiv:2305.12922).
    - ``user_norm`` b, ``item_norm`` a: ``G = X' diag(m^-b) X`` and ``B_ij (n_i / n_j)^a``, m and n the counts of users
      and items (DAN: Park et al., SIGIR 2025, arXiv:2504.05805). A larger ``item_norm`` moves score to rare items.
    """

    reads_features: ClassVar[bool] = False
    option: ClassVar[str] = "ease"
    """What errors call it."""

    def __init__(
        self,
        l2: NotNegative,
        max_items: Annotated[int, Ge(1)],
        denoise: Share = 0.0,
        relax: Share = 0.0,
        user_norm: NotNegative = 0.0,
        item_norm: float = 0.0,
    ) -> None:
        self.l2, self.max_items = l2, max_items
        self.denoise, self.relax, self.user_norm, self.item_norm = denoise, relax, user_norm, item_norm

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        if train.num_items > self.max_items:
            raise UserError(
                f"model={self.option} on {train.num_items:,} items needs about {9.4e-9 * train.num_items**2:.0f} GB; "
                f"the limit is {self.max_items:,} items. Raise model.closed_form.max_items if the memory is there, or "
                "set model=ease_local, which has no such matrix."
            )
        matrix = self.gram(train, features)
        penalty = self.l2 + self.denoise / (1 - self.denoise) * matrix.diagonal()
        matrix.diagonal().add_(penalty)
        if not invert_positive_definite(matrix):
            raise UserError(
                f"model={self.option}: the Gram matrix with the penalty is not positive definite: raise "
                "model.closed_form.l2."
            )
        weights = self.solve(matrix, penalty, features).fill_diagonal_(0)
        if self.item_norm:
            counts = train.item_counts.clamp_min(1).float() ** self.item_norm
            weights.mul_(counts[:, None]).div_(counts)
        return linear_scorer(train, weights)

    def solve(self, inverse: Tensor, penalty: Tensor, features: Tensor | None) -> Tensor:
        """``B`` off the diagonal, in the memory of ``P``: by columns times the multiplier of the constraint.  [I, I]"""
        diagonal = inverse.diagonal().clone()
        bound = penalty * diagonal < 1 - self.relax
        return inverse.mul_(-torch.where(bound, (1 - self.relax) / diagonal, penalty))

    def gram(self, train: Interactions, features: Tensor | None) -> Tensor:
        """What the items have in common.  [I, I]"""
        return gram(train, self.user_norm)


class ContentEASE(EASE):
    """EASE on ``X'X + content_weight T T'``: each dimension of the features is a further user.

    ``T`` [I, D] are the features, centred and of unit length, so that ``T T'`` are cosines and ``content_weight``
    counts users: what two items with the same features have in common. CEASE of Jeunen et al., "Closed-form models for
    collaborative filtering with side-information" (RecSys 2020), with dense features.
    """

    reads_features: ClassVar[bool] = True
    needs_features = True
    option: ClassVar[str] = "ease_gram"

    def __init__(
        self,
        l2: NotNegative,
        max_items: Annotated[int, Ge(1)],
        content_weight: NotNegative,
        denoise: Share = 0.0,
        relax: Share = 0.0,
        user_norm: NotNegative = 0.0,
        item_norm: float = 0.0,
    ) -> None:
        super().__init__(l2, max_items, denoise, relax, user_norm, item_norm)
        self.content_weight = content_weight

    def gram(self, train: Interactions, features: Tensor | None) -> Tensor:
        if features is None:
            raise UserError(
                "model=ease_gram needs item features, but features=none was given. Set features=minilm, or model=ease."
            )
        unit = F.normalize(features.float() - features.float().mean(0), dim=1)
        return super().gram(train, features).addmm_(unit, unit.T, alpha=self.content_weight)

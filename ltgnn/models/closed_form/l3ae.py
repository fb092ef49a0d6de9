"""L3AE: EASE that is drawn to the item weights of the texts instead of to 0."""

from __future__ import annotations

from typing import Annotated, ClassVar

from annotated_types import Ge, Gt
from torch import Tensor

from ltgnn.models.closed_form.ease import EASE, NotNegative, Share
from ltgnn.tensors.ridge import ridge_weights
from ltgnn.types import UserError


class L3AE(EASE):
    """EASE with the weights ``C`` of text EASE as prior mean (Moon et al., CIKM 2025, arXiv:2508.13500).

    ``B`` minimises ``|X - X B|^2 + l2 |B|^2 + prior_weight |B - C|^2`` with 0 on the diagonal; ``C`` is that of
    ``TextEASE`` with ``content_l2``. With ``e = prior_weight``, ``L = l2 I`` and ``P = (G + L + e I)^-1``,

        B = e P C - P diag((1 + e diag(P C)) / diag(P)), 0 on the diagonal.

    ``l2`` may be negative down to ``-prior_weight``, so that ``B`` may exceed ``C``; ``prior_weight`` 0 is EASE.
    ``C`` has the rank of the features off its diagonal, so that ``P C`` costs I^2 D; memory and ``max_items`` are those
    of EASE, and so are ``denoise`` (in ``L``), ``user_norm`` (in ``G``) and ``item_norm`` (of ``B``).
    """

    reads_features: ClassVar[bool] = True
    needs_features = True
    option: ClassVar[str] = "l3ae"

    def __init__(
        self,
        l2: float,
        content_l2: Annotated[float, Gt(0)],
        prior_weight: NotNegative,
        max_items: Annotated[int, Ge(1)],
        denoise: Share = 0.0,
        user_norm: NotNegative = 0.0,
        item_norm: float = 0.0,
    ) -> None:
        if l2 + prior_weight <= 0:
            raise UserError(
                f"model.closed_form.l2={l2} with prior_weight={prior_weight} given, a sum above 0 wanted. Raise "
                "model.closed_form.l2 or model.closed_form.prior_weight."
            )
        super().__init__(l2 + prior_weight, max_items, denoise, 0.0, user_norm, item_norm)
        self.content_l2, self.prior_weight = content_l2, prior_weight

    def solve(self, inverse: Tensor, penalty: Tensor, features: Tensor | None) -> Tensor:
        """``B`` off the diagonal, in the memory of ``P``; ``C = given @ received - diag(excess)``.  [I, I]"""
        if features is None:
            raise UserError("model=l3ae needs item features, but features=none was given. Set features=minilm.")
        given, received = ridge_weights(features, self.content_l2)
        excess = (given.T * received).sum(0)
        drawn, diagonal = inverse @ given, inverse.diagonal().clone()  # P C = drawn @ received - P diag(excess)
        own_weight = (drawn.T * received).sum(0) - diagonal * excess
        multiplier = (1 + self.prior_weight * own_weight) / diagonal
        inverse.mul_(-(multiplier + self.prior_weight * excess))
        return inverse.addmm_(drawn, received, alpha=self.prior_weight)

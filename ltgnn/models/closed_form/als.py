"""Implicit-feedback matrix factorisation by alternating least squares, from the library ``implicit``."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.models.closed_form.matrix import binary
from ltgnn.scoring.known_items import has_interactions
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.types import Interactions, Scorer, UserError


class ALS:
    """``s = <u, i>``, minimising ``sum c_ui (x_ui - <u, i>)^2 + regularisation (sum |u|^2 + sum |i|^2)``.

    Confidence ``c_ui`` is ``alpha`` on train pairs, 1 on all others. Source: Hu, Koren & Volinsky, "Collaborative
    filtering for implicit feedback datasets" (ICDM 2008).
    """

    reads_features: ClassVar[bool] = False

    def __init__(
        self,
        factors: Annotated[int, Ge(1)],
        regularisation: Annotated[float, Ge(0)],
        alpha: float,
        iterations: Annotated[int, Ge(1)],
        seed: int,
    ) -> None:
        self.factors, self.regularisation, self.alpha = factors, regularisation, alpha
        self.iterations, self.seed = iterations, seed

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        try:
            from implicit.cpu.als import AlternatingLeastSquares
        except ImportError as error:
            raise UserError("model=als needs the library `implicit`: pip install 'ltgnn[implicit]'") from error
        model = AlternatingLeastSquares(
            factors=self.factors,
            regularization=self.regularisation,
            alpha=self.alpha,
            iterations=self.iterations,
            random_state=self.seed,
        )
        model.fit(binary(train), show_progress=False)
        users, items = torch.from_numpy(model.user_factors), torch.from_numpy(model.item_factors)
        return mask_items(InnerProduct(users, items.T), has_interactions(train.item_counts))

"""Text EASE: each item's features regressed on those of all others."""

from __future__ import annotations

from typing import Annotated, ClassVar

from annotated_types import Gt
from torch import Tensor

from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.known_items import has_content, has_interactions
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.zero_diagonal import ZeroDiagonalWeights
from ltgnn.tensors.ridge import ridge_weights
from ltgnn.types import Interactions, Scorer, UserError


class TextEASE:
    """``s = X C``, ``C`` the item weights of EASE with the columns of the features as its users (``ridge_weights``).

    Content alone, as ``ContentKNN``, with all items instead of the nearest, and directions that many items share
    weighed less. Time I D^2, memory I D: it scores cold items and has no limit of the catalogue.
    """

    reads_features: ClassVar[bool] = True
    needs_features = True

    def __init__(self, l2: Annotated[float, Gt(0)]) -> None:
        self.l2 = l2

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        if features is None:
            raise UserError("model=text_ease needs item features, but features=none was given. Set features=minilm.")
        scores = ZeroDiagonalWeights(FactorisedItemWeights(*train.by_user, *ridge_weights(features, self.l2)))
        return mask_items(scores, has_content(features) | has_interactions(train.item_counts))

"""Tied scores: where the order of a list was decided by item ids, not by the model."""

from __future__ import annotations

from torch import Tensor

from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import metric


@metric("lists", smaller_is_better=True)
def ties(lists: Lists) -> Tensor:
    """Share of the items of L whose score is also that of the place above or below in L; nan for an empty list.

    Near 0 for a trained model. A model whose items share one vector (cold items at 0) or that counts (Popularity,
    ItemKNN on few interactions) shows it here: of tied items the smaller id comes first, which is arbitrary.
    """
    equal = lists.scores.diff(dim=1) == 0
    equal &= lists.valid[:, 1:]
    tied = lists.valid & False
    tied[:, 1:] |= equal
    tied[:, :-1] |= equal
    return lists.mean(tied)

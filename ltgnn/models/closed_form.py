"""Models that are computed, not trained: the yardsticks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.types import Interactions, Mistake, Scorer


class Popularity:
    """``s(u, i)`` = number of train interactions of ``i``, for every user."""

    def fit(self, train: Interactions, text: Tensor | None) -> Scorer:
        counts = train.item_counts.float()
        return lambda users: counts.to(users.device).expand(len(users), -1)


class EASE:
    """Item-item ridge regression with zero diagonal, ``s = X B`` (Steck, WWW 2019, arXiv:1905.03375).

    ``P = (X'X + l2 I)^-1``, ``B = -P / diag(P)`` by columns, 0 on the diagonal. Time I^3, memory three times
    4 I^2 bytes; ``max_items`` refuses a catalogue that would not fit.
    """

    def __init__(self, l2: float, max_items: int) -> None:
        self.l2, self.max_items = l2, max_items

    def fit(self, train: Interactions, text: Tensor | None) -> Scorer:
        if train.num_items > self.max_items:
            raise Mistake(
                f"model=ease on {train.num_items:,} items needs {12e-9 * train.num_items**2:.0f} GB; the limit is "
                f"{self.max_items:,} items. Raise model.closed_form.max_items if the memory is there."
            )
        gram = cooccurrence(train)
        gram.diagonal().add_(self.l2)
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(gram))
        weights = inverse.div_(-inverse.diagonal().clone())
        weights.fill_diagonal_(0)
        return linear_scorer(train, weights)


def cooccurrence(train: Interactions) -> Tensor:
    """``X'X`` of the binary user-item matrix, dense.  [I, I] float32"""
    from scipy.sparse import csr_matrix

    ones = torch.ones(len(train)).numpy()
    matrix = csr_matrix((ones, (train.users.numpy(), train.items.numpy())), shape=(train.num_users, train.num_items))
    return torch.from_numpy((matrix.T @ matrix).toarray())


def linear_scorer(train: Interactions, weights: Tensor) -> Scorer:
    """``s(u, .) = sum over the train items j of u of weights[j]``, weights [I, I]."""
    offsets, items = train.by_user

    def scores(users: Tensor) -> Tensor:
        lengths = train.user_counts[users]
        ends = torch.cumsum(lengths, 0)
        starts = ends - lengths
        rows = torch.repeat_interleave(torch.arange(len(users)), lengths)
        history = items[torch.arange(len(rows)) - starts[rows] + offsets[users][rows]]
        return F.embedding_bag(history, weights, starts, mode="sum")

    return scores

"""The user-item matrix, and scorers that multiply a user's row of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags
from torch import Tensor

from ltgnn.scoring.item_weights import ItemItemWeights, SparseItemItemWeights
from ltgnn.scoring.known_items import has_interactions
from ltgnn.scoring.masked import mask_items
from ltgnn.types import Interactions, Scorer


def binary(train: Interactions, dtype: type = np.float32) -> Any:
    """``X``: 1 where the user has the item.  scipy CSR [U, I]"""
    ones: Any = np.ones(len(train), dtype=dtype)
    return csr_matrix((ones, (train.users.numpy(), train.items.numpy())), shape=(train.num_users, train.num_items))


def normalise(train: Interactions, dtype: type = np.float32) -> Any:
    """``R~ = D_U^-1/2 X D_I^-1/2``.  scipy CSR [U, I]"""
    left, right = (power(counts, -0.5).astype(dtype) for counts in (train.user_counts, train.item_counts))
    return (diags(left) @ binary(train, dtype) @ diags(right)).tocsr()


def power(counts: Tensor, exponent: float) -> Any:
    """``count^exponent``, 0 where the count is 0.  [n] float64"""
    numbers = counts.double().numpy()
    return np.where(numbers > 0, np.maximum(numbers, 1) ** exponent, 0.0)


def gram(train: Interactions, user_norm: float = 0.0) -> Tensor:
    """``X' diag(m^-user_norm) X``, m the counts of users; 0: how many users have both items.  Dense [I, I] float32"""
    matrix = binary(train)
    weighted = diags(power(train.user_counts, -user_norm).astype(np.float32)) @ matrix if user_norm else matrix
    return torch.from_numpy((matrix.T @ weighted).toarray().T)  # symmetric; its rows lie in one piece


def linear_scorer(train: Interactions, weights: Tensor) -> Scorer:
    """``s(u, .) = sum over the train items j of u of weights[j]``, dense weights [I, I].

    A cold item that has no weight from any item is not scorable.
    """
    scores = ItemItemWeights(*train.by_user, weights)
    warm = has_interactions(train.item_counts)
    return scores if warm.all() else mask_items(scores, warm | weights.any(0))


def sparse_scorer(train: Interactions, weights: Any) -> Scorer:
    """The same with scipy sparse weights [I, I]."""
    reached = torch.from_numpy(weights.tocsc().getnnz(0) > 0) | has_interactions(train.item_counts)
    return mask_items(SparseItemItemWeights(binary(train), weights), reached)

"""How many users have both of two items: the Gram matrix ``X'X``, sparse, made in blocks of items."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from ltgnn.models.closed_form.pair_counts import PairCounts, pair_blocks, shorten_histories
from tests.conftest import random_interactions
from tests.models.local_ease_case import TRAIN, dense


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 400), st.integers(0, 1000))
def test_blocks_of_pairs_are_the_gram_matrix(entries: int, seed: int) -> None:
    """Whatever the size of a block."""
    train = random_interactions(11, 9, 0.4, seed=seed)
    rows = torch.zeros(11, 9)
    rows[train.users, train.items] = 1
    blocks = list(pair_blocks(shorten_histories(train, 100), 0.0, entries))
    assert np.array_equal(np.concatenate([block.toarray() for _, block in blocks]), (rows.T @ rows).numpy())
    assert [start for start, _ in blocks] == np.cumsum([0, *(block.shape[0] for _, block in blocks)])[:-1].tolist()


def test_long_histories_are_sampled() -> None:
    shortened = shorten_histories(TRAIN, 4)
    lengths = np.minimum(dense().sum(1).long().numpy(), 4)
    assert np.diff(shortened.indptr).tolist() == lengths.tolist()
    assert (dense().numpy()[shortened.nonzero()] == 1).all()
    assert (shortened != shorten_histories(TRAIN, 4)).nnz == 0


def test_pairs_in_any_order() -> None:
    matrix = dense().T @ dense()
    pairs = PairCounts(csr_matrix(matrix.triu().float().numpy()))
    one, other = np.array([[3, 0], [7, 22]]), np.array([[1, 0], [9, 2]])
    assert pairs.look_up(one, other).tolist() == matrix[one, other].tolist()

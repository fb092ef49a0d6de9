"""How many users have both of two items: the Gram matrix ``X'X``, sparse, made in blocks of items."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, vstack

from ltgnn.models.closed_form.pair_counts import GramRows, PairCounts, shorten_histories, upper_half
from ltgnn.types import Interactions
from tests.conftest import random_interactions
from tests.models.local_ease_case import TRAIN, dense


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 400), st.integers(0, 1000))
def test_blocks_of_pairs_are_the_gram_matrix(entries: int, seed: int) -> None:
    """Whatever the size of a block."""
    train = random_interactions(11, 9, 0.4, seed=seed)
    rows = torch.zeros(11, 9)
    rows[train.users, train.items] = 1
    grams = GramRows(shorten_histories(train, 100), 0.0, entries)
    blocks = [grams.block(start) for start in grams.starts]
    wanted = rows.T @ rows
    assert np.array_equal(np.concatenate([block.toarray() for block in blocks]), wanted.numpy())
    assert grams.starts == np.cumsum([0, *(block.shape[0] for block in blocks)])[:-1].tolist()
    counts = train.item_counts.numpy()
    halves = [upper_half(start, block, counts, 0.0) for start, block in zip(grams.starts, blocks, strict=True)]
    pairs = PairCounts(vstack(halves, format="csr"))
    low, high = torch.triu_indices(9, 9)
    assert torch.equal(pairs.look_up(low, high), wanted[low, high])
    assert torch.equal(pairs.diagonal, wanted.diagonal())
    some = np.array([1, 2, 6])
    assert torch.equal(pairs.among(some), wanted[some][:, some].triu())


def test_pairs_of_a_small_cosine_are_left_out() -> None:
    matrix = dense().T @ dense()
    counts = matrix.diagonal()
    half = upper_half(0, csr_matrix(matrix.float().numpy()), counts.numpy(), 0.41)
    cosine = matrix / (counts[:, None] * counts).clamp_min(1).sqrt()
    wanted = (matrix * (cosine >= 0.41)).triu()
    assert np.array_equal(half.toarray(), wanted.numpy())
    assert 0 < half.nnz < int((matrix.triu() > 0).sum())


def test_pairs_that_nobody_has() -> None:
    pairs = PairCounts(csr_matrix((4, 4), dtype=np.float32))
    assert pairs.look_up(torch.tensor([0, 1]), torch.tensor([3, 1])).tolist() == [0, 0]


def test_long_histories_are_sampled() -> None:
    shortened = shorten_histories(TRAIN, 4)
    lengths = np.minimum(dense().sum(1).long().numpy(), 4)
    assert np.diff(shortened.indptr).tolist() == lengths.tolist()
    assert (dense().numpy()[shortened.nonzero()] == 1).all()
    assert (shortened != shorten_histories(TRAIN, 4)).nnz == 0


def test_a_new_item_replaces_one_of_the_sample_at_most() -> None:
    """And changes no other user's; a grown catalogue changes none."""
    user = int(dense().sum(1).argmax())
    absent = int((dense()[user] == 0).nonzero()[0])
    users, items = (
        torch.cat([column, torch.tensor([n])]) for column, n in ((TRAIN.users, user), (TRAIN.items, absent))
    )
    before = shorten_histories(TRAIN, 4)
    after = shorten_histories(Interactions(users, items, TRAIN.num_users, TRAIN.num_items + 2), 4)[:, : TRAIN.num_items]
    difference = (after - before).tocoo()
    difference.eliminate_zeros()
    assert set(difference.row.tolist()) <= {user}
    assert difference.nnz in (0, 2)

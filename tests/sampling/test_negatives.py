"""Negatives drawn on the device of the batch: uniform, by popularity, or none."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.sampling.batches import stream
from ltgnn.sampling.negatives import Popularity, Uniform
from ltgnn.types import Interactions, UserError
from tests.conftest import interactions, random_interactions


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 30), st.integers(3, 30), st.floats(0.05, 0.9), st.integers(0, 10**6))
def test_negatives_are_never_train_items(num_users: int, num_items: int, share: float, seed: int) -> None:
    train = random_interactions(num_users, num_items, share, seed)
    if int(train.user_counts.max()) == num_items:
        return
    negatives = Uniform(train, 5, exclude_train=True, shared=False)(train.users, train.items, stream(seed))
    assert negatives.shape == (len(train), 5)
    assert ((negatives >= 0) & (negatives < num_items)).all()
    drawn = train.users[:, None] * num_items + negatives
    assert not torch.isin(drawn, train.keys).any()


@settings(max_examples=50, deadline=None)
@given(
    st.integers(2, 30), st.integers(3, 30), st.floats(0.05, 0.6), st.integers(0, 10**6), st.sampled_from([0, 0.5, 1])
)
def test_popular_negatives_are_never_train_items(users: int, items: int, share: float, seed: int, power: float) -> None:
    train = random_interactions(users, items, share, seed)
    if int(train.user_counts.max()) == int((train.item_counts > 0).sum()):
        return
    negatives = Popularity(train, 5, power, exclude_train=True, shared=False)(train.users, train.items, stream(seed))
    assert ((negatives >= 0) & (negatives < items)).all()
    assert not torch.isin(train.users[:, None] * items + negatives, train.keys).any()
    assert (train.item_counts[negatives] > 0).all()


def test_user_with_everything_refused() -> None:
    full = interactions([(0, 0), (0, 1), (1, 0)], 2, 2)
    with pytest.raises(UserError, match="exclude_train=false"):
        Uniform(full, 1, exclude_train=True, shared=False)


def test_shared_negatives_are_one_draw(tiny: Interactions) -> None:
    drawn = Uniform(tiny, 50, exclude_train=False, shared=True)(tiny.users, tiny.items, stream(1))
    assert drawn.shape == (7, 50)
    assert drawn.stride(0) == 0
    with pytest.raises(UserError, match="shared=false"):
        Uniform(tiny, 5, exclude_train=True, shared=True)

"""Batches and negatives: exact, uniform, and a function of (seed, epoch, step) alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.data.sampling import InBatch, PairBatches, Uniform, stream
from ltgnn.types import Interactions, Mistake
from tests.conftest import interactions, random_interactions


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 30), st.integers(3, 30), st.floats(0.05, 0.9), st.integers(0, 10**6))
def test_negatives_are_never_train_items(num_users: int, num_items: int, share: float, seed: int) -> None:
    train = random_interactions(num_users, num_items, share, seed)
    if int(train.user_counts.max()) == num_items:
        return
    negatives = Uniform(train, 5, exclude_train=True)(train.users, train.items, stream(seed))
    assert negatives.shape == (len(train), 5)
    assert ((negatives >= 0) & (negatives < num_items)).all()
    drawn = train.users[:, None] * num_items + negatives
    assert not torch.isin(drawn, train.keys).any()


def test_free_items_are_equally_likely(tiny: Interactions) -> None:
    users = torch.zeros(30_000, dtype=torch.int64)  # user 0 has items 0 and 1; free: 2, 3, 4
    drawn = Uniform(tiny, 1, exclude_train=True)(users, users, stream(7))
    counts = torch.bincount(drawn.flatten(), minlength=5)
    assert counts[:2].sum() == 0
    assert (counts[2:] - 10_000).abs().max() < 5 * (30_000 * (1 / 3) * (2 / 3)) ** 0.5
    everything = Uniform(tiny, 1, exclude_train=False)(users, users, stream(7))
    assert torch.bincount(everything.flatten(), minlength=5).min() > 5_000


def test_user_with_everything_refused() -> None:
    full = interactions([(0, 0), (0, 1), (1, 0)], 2, 2)
    with pytest.raises(Mistake, match="exclude_train=false"):
        Uniform(full, 1, exclude_train=True)


def test_in_batch_draws_none(tiny: Interactions) -> None:
    assert InBatch(tiny)(tiny.users, tiny.items, stream(0)).shape == (7, 0)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_edges_each_once(tiny: Interactions, batch_size: int) -> None:
    batches = PairBatches(tiny, batch_size, "edges", seed=1)
    pairs = [(u, i) for b in batches for u, i in zip(b.users.tolist(), b.pos.tolist(), strict=True)]
    assert sorted(pairs) == sorted(zip(tiny.users.tolist(), tiny.items.tolist(), strict=True))
    assert len(list(batches)) == len(batches)


def test_users_with_replacement() -> None:
    train = interactions([(0, i) for i in range(99)] + [(1, 0)], 3, 100)
    users = torch.cat([b.users for b in PairBatches(train, 10, "users", seed=0)])
    assert len(users) == 100
    assert 30 < int((users == 1).sum()) < 70  # by user, not by edge; user 2 has nothing
    assert int(users.max()) == 1
    pairs = torch.cat([b.users * 100 + b.pos for b in PairBatches(train, 10, "users", seed=0)])
    assert torch.isin(pairs, train.keys).all()


def test_epochs_differ_and_repeat(tiny: Interactions) -> None:
    def order(epoch: int, seed: int) -> list[int]:
        return torch.cat([b.pos + 10 * b.users for b in PairBatches(tiny, 2, "edges", seed, lambda: epoch)]).tolist()

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(1, 1)
    assert order(0, 1) != order(0, 2)


def test_streams_do_not_collide() -> None:
    firsts = {
        int(torch.randint(2**62, (1,), generator=stream(s, e, t)))
        for s in range(5)
        for e in range(10)
        for t in range(10)
    }
    assert len(firsts) == 500


def test_bad_settings(tiny: Interactions) -> None:
    with pytest.raises(Mistake, match="epoch_unit=nodes"):
        PairBatches(tiny, 2, "nodes", 0)
    with pytest.raises(Mistake, match="batch_size=0"):
        PairBatches(tiny, 0, "edges", 0)
    with pytest.raises(Mistake, match="negatives=0"):
        Uniform(tiny, 0, True)

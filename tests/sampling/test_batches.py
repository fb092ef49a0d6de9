"""Batches and negatives: exact, uniform, and a function of (seed, epoch, step) alone."""

from __future__ import annotations

import pytest
import torch

from ltgnn.sampling.batches import PairBatches, stream
from ltgnn.sampling.negatives import InBatch, Popularity, Uniform
from ltgnn.types import Interactions, UserError
from tests.conftest import interactions


def test_free_items_are_equally_likely(tiny: Interactions) -> None:
    users = torch.zeros(30_000, dtype=torch.int64)  # user 0 has items 0 and 1; free: 2, 3, 4
    drawn = Uniform(tiny, 1, exclude_train=True, shared=False)(users, users, stream(7))
    counts = torch.bincount(drawn.flatten(), minlength=5)
    assert counts[:2].sum() == 0
    assert (counts[2:] - 10_000).abs().max() < 5 * (30_000 * (1 / 3) * (2 / 3)) ** 0.5
    everything = Uniform(tiny, 1, exclude_train=False, shared=False)(users, users, stream(7))
    assert torch.bincount(everything.flatten(), minlength=5).min() > 5_000


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
    with pytest.raises(UserError, match="epoch_unit=nodes"):
        PairBatches(tiny, 2, "nodes", 0)
    with pytest.raises(UserError, match="batch_size=0"):
        PairBatches(tiny, 0, "edges", 0)
    with pytest.raises(UserError, match="negatives=0"):
        Uniform(tiny, 0, True, False)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_popularity_draws_with_its_chances(tiny: Interactions, power: float) -> None:
    """Counts 3, 2, 1, 1, 0; user 0 has items 0 and 1, user 3 has item 1."""
    sampler = Popularity(tiny, 1, power, exclude_train=False, shared=False)
    mass = torch.tensor([3**power, 2**power, 1, 1, 0], dtype=torch.float64)
    assert sampler.proposal is not None
    torch.testing.assert_close(sampler.proposal, mass / mass.sum(), atol=1e-9, rtol=0)
    users = torch.full((40_000,), 3)
    for exclude in (False, True):
        drawn = Popularity(tiny, 1, power, exclude, shared=False)(users, users, stream(5))
        free = mass * torch.tensor([1, 0 if exclude else 1, 1, 1, 1])
        share = torch.bincount(drawn.flatten(), minlength=5) / 40_000
        assert (share - free / free.sum()).abs().max() < 0.012

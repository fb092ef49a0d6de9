"""Batches and negatives: exact, uniform, and a function of (seed, epoch, step) alone."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.sampling.batches import PairBatches, stream
from ltgnn.sampling.hard import Hardest
from ltgnn.sampling.mixture import Mixture
from ltgnn.sampling.negatives import InBatch, Popularity, Uniform
from ltgnn.types import Batch, Encoded, Interactions, UserError
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


def test_free_items_are_equally_likely(tiny: Interactions) -> None:
    users = torch.zeros(30_000, dtype=torch.int64)  # user 0 has items 0 and 1; free: 2, 3, 4
    drawn = Uniform(tiny, 1, exclude_train=True, shared=False)(users, users, stream(7))
    counts = torch.bincount(drawn.flatten(), minlength=5)
    assert counts[:2].sum() == 0
    assert (counts[2:] - 10_000).abs().max() < 5 * (30_000 * (1 / 3) * (2 / 3)) ** 0.5
    everything = Uniform(tiny, 1, exclude_train=False, shared=False)(users, users, stream(7))
    assert torch.bincount(everything.flatten(), minlength=5).min() > 5_000


def test_user_with_everything_refused() -> None:
    full = interactions([(0, 0), (0, 1), (1, 0)], 2, 2)
    with pytest.raises(UserError, match="exclude_train=false"):
        Uniform(full, 1, exclude_train=True, shared=False)


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


def test_shared_negatives_are_one_draw(tiny: Interactions) -> None:
    drawn = Uniform(tiny, 50, exclude_train=False, shared=True)(tiny.users, tiny.items, stream(1))
    assert drawn.shape == (7, 50)
    assert drawn.stride(0) == 0
    with pytest.raises(UserError, match="shared=false"):
        Uniform(tiny, 5, exclude_train=True, shared=True)


def test_hardest_keeps_the_best_scored(tiny: Interactions) -> None:
    uniform = partial(Uniform, negatives=8, exclude_train=False, shared=False)
    users, items = torch.randn(4, 3), torch.randn(5, 3)
    main = Encoded(users, items, ())
    for cosine in (False, True):
        sampler = Hardest(tiny, uniform, keep=2, cosine=cosine)
        drawn = sampler(tiny.users, tiny.items, stream(3))
        assert drawn.shape == (7, 8)
        kept = sampler.narrow(Batch(tiny.users, tiny.items, drawn), main)
        assert kept.proposal is None
        for user, candidates, best in zip(tiny.users.tolist(), drawn.tolist(), kept.neg.tolist(), strict=True):
            score = [float(users[user] @ items[i]) / (float(items[i].norm()) if cosine else 1) for i in candidates]
            wanted = sorted(score, reverse=True)[:2]
            found = [score[candidates.index(i)] for i in best]
            assert found == pytest.approx(wanted)
    with pytest.raises(UserError, match="keep=9"):
        Hardest(tiny, uniform, keep=9, cosine=False)(tiny.users, tiny.items, stream(3))


def test_mixture_lays_its_parts_side_by_side(tiny: Interactions) -> None:
    uniform = partial(Uniform, negatives=3, exclude_train=False, shared=False)
    popular = partial(Popularity, negatives=1, power=1.0, exclude_train=False, shared=False)
    sampler = Mixture(tiny, {"uniform": uniform, "popular": popular, "off": None})
    drawn = sampler(tiny.users, tiny.items, stream(3))
    assert drawn.shape == (7, 4)
    assert sampler.proposal is not None
    wanted = (3 * torch.full((5,), 0.2) + torch.tensor([3.0, 2, 1, 1, 0]) / 7) / 4
    torch.testing.assert_close(sampler.proposal, wanted.double(), atol=1e-6, rtol=0)
    hard = Mixture(tiny, {"uniform": uniform, "hard": partial(Hardest, candidates=uniform, keep=1, cosine=False)})
    batch = Batch(tiny.users, tiny.items, hard(tiny.users, tiny.items, stream(3)))
    main = Encoded(torch.randn(4, 3), torch.randn(5, 3), ())
    assert batch.neg.shape == (7, 6)
    assert hard.narrow(batch, main).neg.shape == (7, 4)
    assert hard.proposal is None
    with pytest.raises(UserError, match="no parts"):
        Mixture(tiny, {})

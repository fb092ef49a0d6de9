"""The data of the cases: the same for a seed, with what the cases need."""

from __future__ import annotations

import torch

from ltgnn.testing import toy


def test_train_pairs_and_held_out_pairs_have_nothing_in_common() -> None:
    split = toy.split()
    assert not torch.isin(split.test.keys, split.train.keys).any()
    assert len(split.test) == 2 * toy.USERS
    assert split.train.item_counts[toy.COLD] == 0
    assert split.train.item_counts.sum() == len(split.train)


def test_the_same_for_a_seed() -> None:
    assert torch.equal(toy.interactions().keys, toy.interactions().keys)
    assert not torch.equal(toy.random(3), toy.random(3, seed=1))
    assert not toy.features()[toy.PLAIN].any()

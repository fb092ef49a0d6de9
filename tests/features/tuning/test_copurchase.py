"""Tuning on items that the same user bought."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ltgnn.features.tuning.copurchase import CoPurchase
from ltgnn.types import Interactions
from tests.features.tuning.conftest import TEXTS, interactions
from tests.features.tuning.objectives_case import EPOCHS, Make, naive_both_ways


def together(train: Interactions) -> set[tuple[int, int]]:
    """Ordered pairs of different items with a common train user."""
    baskets: dict[int, list[int]] = {}
    for user, item in zip(train.users.tolist(), train.items.tolist(), strict=True):
        baskets.setdefault(user, []).append(item)
    return {(a, b) for basket in baskets.values() for a in basket for b in basket if a != b}


class TestCoPurchase:
    def make(self, encoder: Make, train: Interactions, **changes: object) -> CoPurchase:
        return CoPurchase(encoder(), train, **{"batch_size": 4, "seed": 1, "temperature": 0.1, **changes})  # type: ignore[arg-type]

    def draw(self, objective: CoPurchase) -> list[tuple[int, int]]:
        batches = [objective.batch(epoch, step) for epoch in range(EPOCHS) for step in range(objective.steps)]
        return [(int(a), int(b)) for anchors, partners in batches for a, b in zip(anchors, partners, strict=True)]

    def test_draws_all_train_pairs_and_no_other(self, encoder: Make, train: Interactions) -> None:
        drawn = self.draw(self.make(encoder, train, batch_size=5))
        assert set(drawn) == together(train)

    def test_every_item_is_an_anchor_once_an_epoch(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train, batch_size=5)
        anchors = Counter(a for a, _ in self.draw(objective))
        assert anchors == dict.fromkeys(range(10), EPOCHS)  # 10 is cold, 11 has nothing beside it

    def test_examples_bound_the_anchors_of_an_epoch(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train, batch_size=2, examples=5)
        assert objective.steps == 2  # a last batch of one has no negative
        whole = self.make(encoder, train, batch_size=2)
        anchors = [a for epoch in range(EPOCHS) for step in range(2) for a in objective.batch(epoch, step)[0].tolist()]
        assert anchors[:4] == [a for step in range(2) for a in whole.batch(0, step)[0].tolist()]
        assert set(anchors) == set(range(10))

    def test_a_held_out_pair_is_never_used(self, encoder: Make, train: Interactions) -> None:
        """Users 0 and 5 are held out with a poisoned item each: (1, 8) and (5, 10) are bought together only there."""
        poisoned = interactions([(0, 8), (5, 10)])
        whole = Interactions(torch.cat([train.users, poisoned.users]), torch.cat([train.items, poisoned.items]), 8, 12)
        poison = together(whole) - together(train)
        assert {(1, 8), (8, 1), (5, 10), (10, 5)} <= poison
        clean, dirty = self.make(encoder, train), self.make(encoder, whole)
        assert set(self.draw(dirty)) & poison  # the trap works: whoever trains on it draws it
        assert not set(self.draw(clean)) & poison
        anchors, partners = np.array([1, 5]), np.array([8, 10])
        assert not clean.not_negative(anchors, partners).diagonal().any()
        assert dirty.not_negative(anchors, partners).diagonal().all()

    def test_false_negatives_are_masked(self, encoder: Make, train: Interactions) -> None:
        anchors, partners = np.array([0, 4, 2, 9]), np.array([1, 6, 3, 7])
        mask = self.make(encoder, train).not_negative(anchors, partners)
        bought = together(train)
        for i, a in enumerate(anchors):
            for j, b in enumerate(partners):
                assert mask[i, j] == ((a, b) in bought or TEXTS[a] == TEXTS[b] or a == b)
        assert mask[0, 2]  # items 0 and 3: user 6, and the same text
        assert not mask[0, 3]

    def test_loss_equals_the_naive_loop(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train).eval()
        anchors, partners = objective.batch(0, 0)
        values = F.normalize(objective.encoder.encode_all(), dim=1)
        similarity = values[anchors] @ values[partners].T / 0.1
        wanted = naive_both_ways(similarity, objective.not_negative(anchors, partners))
        assert objective((anchors, partners)).item() == pytest.approx(wanted, abs=1e-5)

    def test_batches_follow_seed_epoch_and_step(self, encoder: Make, train: Interactions) -> None:
        one, two = self.make(encoder, train), self.make(encoder, train)
        two.batch(7, 1)  # what was drawn before does not matter
        assert all(np.array_equal(a, b) for a, b in zip(one.batch(3, 1), two.batch(3, 1), strict=True))
        assert not np.array_equal(one.batch(3, 1)[0], self.make(encoder, train, seed=2).batch(3, 1)[0])

"""Objectives against naive loops; what they draw, and what they must never see."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from ltgnn.features.tuning.contrast import symmetric_info_nce
from ltgnn.features.tuning.copurchase import CoPurchase
from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.features.tuning.masked_words import MaskedWords
from ltgnn.features.tuning.purchase import Purchase, draw_other
from ltgnn.features.tuning.simcse import SimCSE
from ltgnn.types import Interactions, UserError
from tests.features.tuning.conftest import TEXTS, interactions

Make = Callable[..., TunedEncoder]
EPOCHS = 30


def together(train: Interactions) -> set[tuple[int, int]]:
    """Ordered pairs of different items with a common train user."""
    baskets: dict[int, list[int]] = {}
    for user, item in zip(train.users.tolist(), train.items.tolist(), strict=True):
        baskets.setdefault(user, []).append(item)
    return {(a, b) for basket in baskets.values() for a in basket for b in basket if a != b}


def naive_both_ways(similarity: torch.Tensor, apart: torch.Tensor) -> float:
    """-log(exp(s_ii) / sum over j = i and the unmarked j of exp(s_ij)), along rows and along columns, averaged."""
    total, size = 0.0, len(similarity)
    for table, mask in ((similarity, apart), (similarity.T, apart.T)):
        for i in range(size):
            kept = [j for j in range(size) if j == i or not mask[i, j]]
            total -= math.log(math.exp(table[i, i]) / sum(math.exp(table[i, j]) for j in kept)) / size
    return total / 2


def test_both_ways_equals_the_naive_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    similarity = torch.randn(5, 5, generator=generator)
    apart = torch.rand(5, 5, generator=generator) < 0.4
    assert symmetric_info_nce(similarity, apart).item() == pytest.approx(naive_both_ways(similarity, apart), abs=1e-6)


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


@given(st.sets(st.integers(0, 9), max_size=9), st.integers(0, 99))
def test_outside_is_never_inside(own: set[int], seed: int) -> None:
    row = np.array(sorted(own), np.int64)
    drawn = {draw_other(row, 10, np.random.default_rng(seed + n)) for n in range(200)}
    assert drawn <= set(range(10)) - own
    if seed == 0:
        assert drawn == set(range(10)) - own


class TestPurchase:
    def make(self, encoder: Make, train: Interactions, **changes: object) -> Purchase:
        options = {"batch_size": 6, "seed": 1, "history": 2, "examples": None, "dropout": 0.0, **changes}
        return Purchase(encoder(), train, **options)  # type: ignore[arg-type]

    def test_examples(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train)
        baskets = {u: set(train.items[train.users == u].tolist()) for u in range(8)}
        bought = set()
        for epoch in range(EPOCHS):
            for step in range(objective.steps):
                histories, products, labels = objective.batch(epoch, step)
                assert labels.tolist() == [1, 1, 1, 0, 0, 0]
                for history, product, label in zip(histories, products.tolist(), labels.tolist(), strict=True):
                    assert 1 <= len(history) <= 2
                    owners = [u for u, basket in baskets.items() if set(history.tolist()) <= basket]
                    assert product not in history
                    assert any((product in baskets[u]) == bool(label) for u in owners)
                    if label:
                        bought.add(product)
        assert bought == set(range(10))  # user 7 has no history for item 11

    def test_logits_are_those_of_the_pair_of_texts(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train).eval()
        model = objective.encoder
        histories, products, labels = objective.batch(0, 0)
        rows = []
        for history, product in zip(histories, products, strict=True):
            pair = model.tokenizer(["; ".join(TEXTS[i] for i in history)], [TEXTS[product]], return_tensors="pt")
            assert pair["token_type_ids"].max() == 1
            rows.append(objective.head(model.model(**pair).last_hidden_state[0].mean(0)))
        torch.testing.assert_close(objective.logits(histories, products), torch.stack(rows), atol=1e-5, rtol=0)
        wanted = -torch.stack(rows).log_softmax(1)[torch.arange(6), labels].mean()
        torch.testing.assert_close(objective((histories, products, labels)), wanted, atol=1e-5, rtol=0)

    def test_bounds(self, encoder: Make, train: Interactions) -> None:
        assert self.make(encoder, train).steps == 18 // 3
        assert self.make(encoder, train, examples=7).steps == 2
        with pytest.raises(UserError, match="even number"):
            self.make(encoder, train, batch_size=5)


class TestMaskedWords:
    def make(self, encoder: Make, train: Interactions, rate: float = 0.15, **changes: object) -> MaskedWords:
        return MaskedWords(encoder(**changes), train, batch_size=4, seed=1, rate=rate)

    def test_shares(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train, rate=0.3, texts=["abc def ghi jkl mno"] * 400)
        objective.batch_size = 400
        tokenizer = objective.encoder.tokenizer
        shown, wanted = (np.array(rows) for rows in objective.batch(0, 0))
        true = np.array(objective.encoder.tokens)
        chosen = wanted != -100
        special = np.isin(true, [tokenizer.cls_token_id, tokenizer.sep_token_id])
        assert not (chosen & special).any()
        assert (shown[~chosen] == true[~chosen]).all()
        assert (wanted[chosen] == true[chosen]).all()
        assert chosen[~special].mean() == pytest.approx(0.3, abs=0.03)
        assert (shown[chosen] == tokenizer.mask_token_id).mean() == pytest.approx(0.8 + 0.1 / len(tokenizer), abs=0.03)
        assert (shown[chosen] == true[chosen]).mean() == pytest.approx(0.1 + 0.1 / len(tokenizer), abs=0.03)

    def test_loss_is_that_of_transformers(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train).eval()
        shown, wanted = objective.batch(0, 0)
        total, count = 0.0, 0
        for row, labels in zip(shown, wanted, strict=True):  # one text at a time, no padding
            hidden = sum(label != -100 for label in labels)
            if hidden:
                loss = objective.whole(input_ids=torch.tensor([row]), labels=torch.tensor([labels])).loss
                total, count = total + loss.item() * hidden, count + hidden
        assert count
        assert objective((shown, wanted)).item() == pytest.approx(total / count, abs=1e-5)

    def test_it_trains_the_encoder_itself(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train)
        embeddings = objective.encoder.model.get_input_embeddings().weight
        assert objective.whole.get_output_embeddings().weight is embeddings
        objective(objective.batch(0, 0)).backward()
        assert objective.encoder.model.encoder.layer[0].attention.self.query.weight.grad is not None

    def test_nothing_to_guess(self, encoder: Make, train: Interactions) -> None:
        objective = self.make(encoder, train, rate=0.0)
        loss = objective(objective.batch(0, 0))
        loss.backward()
        assert loss.item() == 0


class TestSimCSE:
    def test_two_readings_differ_by_dropout(self, encoder: Make, train: Interactions) -> None:
        objective = SimCSE(encoder(), train, batch_size=4, seed=1, temperature=0.05)
        rows = objective.batch(0, 0)
        torch.manual_seed(3)
        loss = objective(rows)
        torch.manual_seed(3)
        one = F.normalize(objective.encoder(rows.tolist()), dim=1)
        two = F.normalize(objective.encoder(rows.tolist()), dim=1)
        assert not torch.allclose(one, two)
        same = torch.tensor([[TEXTS[a] == TEXTS[b] for b in rows] for a in rows])
        assert loss.item() == pytest.approx(naive_both_ways((one @ two.T / 0.05).detach(), same), abs=1e-4)

    def test_every_text_once_an_epoch(self, encoder: Make, train: Interactions) -> None:
        objective = SimCSE(encoder(), train, batch_size=5, seed=1, temperature=0.05)
        assert sorted(np.concatenate([objective.batch(0, step) for step in range(objective.steps)])) == list(range(12))

    def test_without_dropout_it_is_a_mistake(self, encoder: Make, train: Interactions) -> None:
        model = encoder()
        for part in model.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        with pytest.raises(UserError, match="dropout"):
            SimCSE(model, train, batch_size=4, seed=1, temperature=0.05)

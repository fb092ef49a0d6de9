"""Tuning on purchase prediction: does a user buy a product?"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.features.tuning.purchase import Purchase, draw_other
from ltgnn.types import Interactions, UserError
from tests.features.tuning.conftest import TEXTS
from tests.features.tuning.objectives_case import EPOCHS, Make


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

"""Masked language modelling on the catalogue."""

import numpy as np
import pytest
import torch

from ltgnn.features.tuning.masked_words import MaskedWords
from ltgnn.types import Interactions
from tests.features.tuning.objectives_case import Make


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

"""Self-supervised tuning: two readings of one text that differ by dropout."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ltgnn.features.tuning.simcse import SimCSE
from ltgnn.types import Interactions, UserError
from tests.features.tuning.conftest import TEXTS
from tests.features.tuning.objectives_case import Make, naive_both_ways


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

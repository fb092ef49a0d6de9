"""What a run records of items without a train interaction."""

from __future__ import annotations

import torch

from ltgnn.scoring.cold_items import cold_items
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.testing import toy


def test_they_are_counted_with_their_pairs() -> None:
    split = toy.split()
    scorer = InnerProduct(toy.random(toy.USERS, 3), toy.random(toy.ITEMS, 3, seed=1))
    cold = split.train.item_counts == 0
    pairs = {"val": 0, "test": int(cold[split.test.items].sum())}
    assert cold_items(split, scorer) == {"items": int(cold.sum()), "scorable": int(cold.sum()), "pairs": pairs}
    masked = mask_items(scorer, ~cold)
    assert cold_items(split, masked) == {"items": int(cold.sum()), "scorable": 0, "pairs": pairs}
    assert torch.equal(cold.nonzero()[:, 0][-1:], torch.tensor([toy.COLD]))

"""Items of validation may stand in the lists, and take places there."""

from __future__ import annotations

import torch

from ltgnn.evaluation.train_masked import TrainMasked
from ltgnn.scoring.scorers import InnerProduct
from tests.conftest import interactions
from tests.evaluation.case import evaluator, full


def test_a_validation_item_takes_a_place() -> None:
    train, val, test = (interactions(pairs, 1, 30) for pairs in ([(0, 0)], [(0, 1)], [(0, 2)]))
    scorer = InnerProduct(torch.ones(1, 1), -torch.arange(30.0)[None])  # item 0 first, then 1, then 2
    usual = evaluator(test, [train, val], {})(scorer)
    masked = TrainMasked(test, [train, val], {}, None, {}, **full().keywords)(scorer)
    assert usual.values["mrr@20"] == 1.0
    assert masked.values["mrr@20"] == 0.5

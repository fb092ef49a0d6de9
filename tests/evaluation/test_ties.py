"""The share of tied places of a list, by hand."""

from __future__ import annotations

import torch

from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.ties import ties
from ltgnn.testing import toy


def test_by_hand() -> None:
    scores = torch.tensor([[3.0, 2.0, 2.0, 1.0], [5.0, 5.0, 5.0, -torch.inf], [2.0, 1.0, -torch.inf, -torch.inf]])
    items = torch.where(scores > -torch.inf, torch.arange(4), -1)
    train, one = toy.interactions(), torch.ones(3, dtype=torch.int64)
    lists = Lists(torch.arange(3), items, scores, items < 0, one, toy.held_out(), train, train.by_user, None, None)
    assert ties(lists).tolist() == [0.5, 1.0, 0.0]

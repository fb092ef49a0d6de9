"""Nearest-neighbour recommenders: items that the same users have, and items with similar features."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.models.closed_form.neighbours import ContentKNN, ItemKNN
from ltgnn.types import UserError
from tests.models.closed_form_case import NUM_ITEMS, NUM_USERS, TEXT, TOY_TRAIN, close, scores_of


def naive_neighbours(similarity: list[list[float]], k: int) -> Tensor:
    total = torch.zeros(NUM_USERS, NUM_ITEMS, dtype=torch.float64)
    for user, item in zip(TOY_TRAIN.users.tolist(), TOY_TRAIN.items.tolist(), strict=True):
        others = sorted((j for j in range(NUM_ITEMS) if j != item), key=lambda j: -similarity[item][j])[:k]
        for j in others:
            total[user, j] += similarity[item][j]
    return total


def test_item_knn_naive() -> None:
    owners = [set(TOY_TRAIN.users[TOY_TRAIN.items == i].tolist()) for i in range(NUM_ITEMS)]
    similarity = [[len(a & b) / (math.sqrt(len(a) * len(b)) + 1.5) for b in owners] for a in owners]
    for k in (NUM_ITEMS - 1, 40):
        close(scores_of(ItemKNN(k, 1.5), None), naive_neighbours(similarity, k))
    few = scores_of(ItemKNN(3, 1.5), None).double()
    close(few.sum(1), naive_neighbours(similarity, 3).sum(1))  # which of tied neighbours is kept is open


def test_text_knn_naive() -> None:
    unit = TEXT.double() / TEXT.double().norm(dim=1, keepdim=True)
    close(scores_of(ContentKNN(4), TEXT), naive_neighbours((unit @ unit.T).tolist(), 4))


def test_what_is_missing_is_said() -> None:
    with pytest.raises(UserError, match="max_items"):
        EASE(1.0, 10).fit(TOY_TRAIN, None)
    with pytest.raises(UserError, match="features=minilm"):
        ContentKNN(3).fit(TOY_TRAIN, None)
    with pytest.raises(UserError, match="features=minilm"):
        ContentEASE(1.0, 100, 1.0).fit(TOY_TRAIN, None)

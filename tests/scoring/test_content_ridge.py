"""Text EASE as a score adjustment, against its dense weights."""

from __future__ import annotations

import pytest
import torch

from ltgnn.scoring.content_ridge import ContentRidge
from ltgnn.tensors.ridge import centred_unit
from ltgnn.testing import toy
from ltgnn.types import UserError


def test_scores_are_those_of_the_dense_weights() -> None:
    train, features, l2 = toy.interactions(), toy.features(), 0.7
    rows = centred_unit(features).double()
    inverse = torch.linalg.inv(rows @ rows.T + l2 * torch.eye(len(rows), dtype=torch.float64))
    weights = (-inverse / inverse.diag()).fill_diagonal_(0)
    dense = torch.zeros(toy.USERS, toy.ITEMS, dtype=torch.float64)
    dense[train.users, train.items] = 1
    scores = ContentRidge(train, features, 2.0, l2, 1.0, 0.0).scores(torch.arange(toy.USERS)).double()
    wanted = 2.0 * dense @ weights / train.user_counts[:, None]
    outside = dense == 0
    torch.testing.assert_close(scores[outside], wanted[outside], rtol=1e-4, atol=1e-6)


def test_it_asks_for_features() -> None:
    with pytest.raises(UserError, match=r"content_ridge"):
        ContentRidge(toy.interactions(), None, 1.0, 1.0, 0.0, 0.0)

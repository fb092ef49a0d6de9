"""Ids and projected features in columns of their own: VBPR's score, pair by pair."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.fusion import ItemFusion
from ltgnn.models.fusion_beside import Beside
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.projection import Linear
from ltgnn.models.readout import Mean
from ltgnn.testing.fusion import FusionCase
from ltgnn.types import UserError
from tests.models.fusion_case import COUNTS, ITEM_TEXT, TRAIN, WARM, embed


def make(share: float = 0.5) -> partial[Beside]:
    return partial(Beside, projector=Linear, content_share=share)


def test_score_is_a_product_of_ids_and_a_product_of_tastes_and_features() -> None:
    embedding = embed(make())
    encoded = LightGCN(embedding, 0, Mean(True))(BipartiteGraph(TRAIN, Symmetric(), None))
    project = embedding.fusion.projector[0]
    for user in range(3):
        for item in range(6):
            ids = embedding.users[user, :2] @ (embedding.items * WARM)[item, :2]
            taste = embedding.users[user, 2:] @ (project.weight @ ITEM_TEXT[item] + project.bias)
            torch.testing.assert_close(encoded.users[user] @ encoded.items[item], ids + taste)


@pytest.mark.parametrize(("share", "columns"), [(0.01, 1), (0.3, 1), (0.5, 2), (0.99, 3)])
def test_each_side_has_a_column_at_least(share: float, columns: int) -> None:
    fusion = make(share)(dim=4, features_dim=10)
    ids = torch.ones(6, 4)
    state, content = fusion(ids, ITEM_TEXT, COUNTS)
    assert content is not None
    assert (state[:, : 4 - columns] == 1).all()
    assert not content[:, : 4 - columns].any()
    torch.testing.assert_close(state[:, 4 - columns :], fusion.projector(ITEM_TEXT))


def test_wrong_shares_and_missing_features_are_refused() -> None:
    with pytest.raises(UserError, match=r"fusion.content_share=1.0 given"):
        make(1.0)(dim=4, features_dim=10)
    with pytest.raises(UserError, match=r"dim=1"):
        make()(dim=1, features_dim=10)
    with pytest.raises(UserError, match=r"fusion=beside needs item features"):
        make()(dim=4, features_dim=0)


class TestBesideCase(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return make()(dim=dim, features_dim=features_dim)

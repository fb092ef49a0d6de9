"""VBPR against its formula, pair by pair; the score as a sum."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.feature_bias import FeatureBias
from ltgnn.models.fusion_beside import Beside
from ltgnn.models.projection import Linear
from ltgnn.models.readout import Mean
from ltgnn.testing.encoder import EncoderCase
from ltgnn.types import Encoder, UserError
from tests.models.encoders_case import TEXT, TRAIN, nodes

GRAPH = BipartiteGraph(TRAIN, Symmetric(), None).double()


def vbpr() -> FeatureBias:
    model = FeatureBias(nodes(partial(Beside, projector=Linear, content_share=0.5)), 0, Mean(True)).double()
    with torch.no_grad():
        model.own_bias.normal_()
        model.weight.normal_()
    return model


def naive(model: FeatureBias, user: int, item: int) -> torch.Tensor:
    """``b_i + <g_u, g_i> + <t_u, E f_i> + <w, f_i>`` without what an item lacks that nobody has."""
    embedding, project = model.embedding, model.embedding.fusion.projector[0]
    assert embedding.users is not None
    assert embedding.items is not None
    warm = float(TRAIN.item_counts[item] > 0)
    taste = embedding.users[user, 3:] @ (project.weight @ TEXT[item] + project.bias)
    ids = warm * (embedding.users[user, :3] @ embedding.items[item, :3] + model.own_bias[item])
    return ids + taste + model.weight @ TEXT[item]


def test_scores_and_gradients() -> None:
    model = vbpr()
    encoded = model(GRAPH)
    found = encoded.users @ encoded.items.T
    wanted = torch.stack([torch.stack([naive(model, u, i) for i in range(14)]) for u in range(10)])
    torch.testing.assert_close(found, wanted)
    weights = list(model.parameters())
    target = torch.randn(10, 14, dtype=torch.float64)
    for one, other in zip(
        torch.autograd.grad((found * target).sum(), weights),
        torch.autograd.grad((wanted * target).sum(), weights),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("power", [1.0, 0.0, 0.5])
def test_terms_sum_to_the_score(power: float) -> None:
    model = vbpr()
    with torch.no_grad():
        encoded = model(GRAPH)
    for user, item in ((0, 0), (3, 7), (9, 13)):
        vector = encoded.items[item]
        score = float(encoded.users[user] @ vector * vector.norm() ** (power - 1))
        terms = model.linear_terms(GRAPH, power).terms(user, item)
        assert sum(term.value for term in terms) == pytest.approx(score, rel=1e-9)
    by = next(term.by for term in model.linear_terms(GRAPH, 1.0).terms(0, 5) if term.name == "the bias of the item")
    assert by["features"] == pytest.approx(float(model.weight.detach() @ TEXT[5]))


def test_features_are_needed() -> None:
    with pytest.raises(UserError, match=r"model=vbpr needs item features"):
        FeatureBias(nodes(), 0, Mean(True))


class TestFeatureBiasCase(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> Encoder:
        return FeatureBias(embedding, 2, Mean(True))

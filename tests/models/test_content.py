"""The trained text match: scores from dense matrices, gradients, one profile per graph."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.content import WithContent, leading
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Mean
from ltgnn.types import Interactions, UserError
from tests.conftest import random_interactions

TRAIN = random_interactions(9, 7, 0.4, seed=2)
TEXT = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def build(train: Interactions = TRAIN, text: torch.Tensor | None = TEXT, **options: object) -> WithContent:
    torch.manual_seed(0)
    embedding = NodeEmbedding(train, 4, torch.nn.init.normal_, Id, text)
    encoder = partial(LightGCN, num_layers=2, readout=Mean(ego=True))
    return WithContent(embedding, encoder, **{"weight": 0.5, "trainable": True, "content_dim": 5} | options).double()


def graph() -> BipartiteGraph:
    return BipartiteGraph(TRAIN, Symmetric(), None).double()


def test_scores_are_those_of_the_encoder_plus_the_match() -> None:
    model, whole = build(), graph()
    encoded = model(whole)
    plain = model.encoder(whole)
    matrix = torch.zeros(9, 7, dtype=torch.float64)
    matrix[TRAIN.users, TRAIN.items] = 1
    weights = matrix / (matrix.sum(1)[:, None] * matrix.sum(0)).sqrt().clamp_min(1e-300)
    texts = TEXT - TEXT.mean(0)
    texts = texts / texts.norm(dim=1, keepdim=True)
    profiles = weights @ texts
    profiles = profiles / profiles.norm(dim=1, keepdim=True)
    wanted = plain.users @ plain.items.T + 0.5 * profiles @ texts.T
    torch.testing.assert_close(encoded.users @ encoded.items.T, wanted, rtol=1e-5, atol=1e-6)
    assert encoded.layers[0].shape == (16, 4)


def test_the_weight_learns_and_the_profile_is_made_once() -> None:
    model, whole = build(), graph()
    encoded = model(whole)
    (encoded.users @ encoded.items.T).pow(2).sum().backward()
    assert model.log_weight.grad is not None
    assert model.log_weight.grad != 0
    first = model.profiles[whole]
    model(whole)
    assert model.profiles[whole] is first
    other = whole.drop_edges(0.5, torch.Generator().manual_seed(1))
    model(other)
    assert not torch.equal(model.profiles[other], first)
    assert not build(trainable=False).log_weight.requires_grad
    assert "text" not in model.state_dict()


def test_fewer_directions_keep_most_of_the_cosines() -> None:
    unit = TEXT - TEXT.mean(0)
    unit = unit / unit.norm(dim=1, keepdim=True)
    gram = unit @ unit.T
    errors = [float((leading(TEXT, k) @ leading(TEXT, k).T - gram).norm()) for k in (1, 3, 5)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-10
    values = torch.linalg.eigvalsh(gram).flip(0)
    assert errors[0] == pytest.approx(float(values[1:].norm()), rel=1e-9)


def test_without_text() -> None:
    with pytest.raises(UserError, match="features=minilm"):
        build(text=None)

"""Remembered far layers against dense linear algebra, and when they are made anew."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.historical import Historical
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Mean
from ltgnn.types import Batch, Encoded, UserError
from tests.conftest import random_interactions

TRAIN = random_interactions(20, 30, 0.2, seed=3)
GRAPH = BipartiteGraph(TRAIN, Symmetric(), None).double()
BATCH = Batch(TRAIN.users[:6], TRAIN.items[:6], torch.tensor([[3], [4], [5], [6], [7], [8]]))


def model(kind: type[LightGCN], **options: int) -> LightGCN:
    torch.manual_seed(0)
    init = partial(torch.nn.init.normal_, std=0.1)
    return kind(NodeEmbedding(TRAIN, 4, init, Id, None), 3, Mean(ego=True), **options).double().train()  # type: ignore[call-arg]


def at(encoder: LightGCN) -> tuple[Encoded, Batch]:
    found = encoder.at(GRAPH, BATCH)
    assert found is not None
    return found


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_states_are_lightgcns_and_gradients_those_of_the_near_layers(depth: int) -> None:
    encoder, plain = model(Historical, depth=depth, every=1), model(LightGCN)
    (ours, batch), (theirs, _) = at(encoder), at(plain)
    torch.testing.assert_close(ours.users, theirs.users)
    torch.testing.assert_close(ours.items, theirs.items)
    weights = torch.randn_like(ours.users)
    (ours.users * weights).sum().backward()
    matrix = GRAPH.propagate(torch.eye(50, dtype=torch.float64))
    powers = [torch.linalg.matrix_power(matrix, n) for n in range(depth + 1)]
    near = torch.stack(powers).sum(0)[torch.unique(BATCH.users)].T @ weights / 4
    gradient = torch.cat([encoder.embedding.users.grad, encoder.embedding.items.grad])  # type: ignore[list-item]
    cold = torch.cat([torch.ones(20, dtype=torch.bool), TRAIN.item_counts > 0])
    torch.testing.assert_close(gradient, near * cold[:, None], rtol=1e-6, atol=1e-7)
    assert len(batch.users) == 6


def test_far_layers_are_made_anew_every_third_step() -> None:
    encoder = model(Historical, depth=1, every=3)
    seen = []
    for _ in range(5):
        at(encoder)
        seen.append(encoder.far.clone())
        with torch.no_grad():
            encoder.embedding.users.mul_(1.5)  # type: ignore[union-attr]
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[1], seen[2])
    assert not torch.equal(seen[2], seen[3])
    assert torch.equal(seen[3], seen[4])


def test_ranking_is_exact_and_changes_nothing() -> None:
    encoder, plain = model(Historical, depth=1, every=100), model(LightGCN)
    at(encoder)
    for one in (encoder, plain):
        with torch.no_grad():
            one.embedding.users.mul_(2)  # type: ignore[union-attr]
    torch.testing.assert_close(encoder.eval()(GRAPH).items, plain.eval()(GRAPH).items)
    assert encoder.steps == 1


def test_what_cannot_be_remembered_is_refused() -> None:
    with pytest.raises(UserError, match="views=clean"):
        model(Historical, depth=1, every=2)(GRAPH)
    with pytest.raises(UserError, match="every=0"):
        model(Historical, depth=1, every=0)
    with pytest.raises(UserError, match="graph=symmetric"):
        model(Historical, depth=1, every=2).at(BipartiteGraph(TRAIN, Symmetric(), None, message=torch.tanh), BATCH)

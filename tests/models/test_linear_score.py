"""What is said of a model whose score is not split."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.layergcn import LayerGCN
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Mean
from ltgnn.types import Graph, UserError
from tests.conftest import random_interactions

TRAIN = random_interactions(10, 14, 0.3, seed=4)


class WeightedGCN(LightGCN):
    """A model of a user's own, which may well be linear."""

    def step(self, graph: Graph, layers: Sequence[Tensor]) -> Tensor:
        return 2 * super().step(graph, layers)


def model(kind: type[LightGCN]) -> LightGCN:
    return kind(NodeEmbedding(TRAIN, 6, partial(nn.init.normal_, std=0.1), Id, None), 2, Mean(True))


def test_what_is_not_known_is_not_called_false() -> None:
    graph = BipartiteGraph(TRAIN, Symmetric(), None)
    with pytest.raises(UserError, match=r"it is not known whether .* give WeightedGCN a method `linear_terms"):
        model(WeightedGCN).linear_terms(graph, 1.0)
    with pytest.raises(UserError, match="is not a sum over the history: it weighs"):
        model(LayerGCN).linear_terms(graph, 1.0)
    unit = BipartiteGraph(TRAIN, Symmetric(), None, message=partial(F.normalize, dim=1))
    with pytest.raises(UserError, match="messages of unit length"):
        model(LightGCN).linear_terms(unit, 1.0)


def test_a_changed_step_takes_the_other_abilities_too() -> None:
    """They rest on the formula of LightGCN, and what a subclass changes need not be linear."""
    graph = BipartiteGraph(TRAIN, Symmetric(), None)
    plain, changed = model(LightGCN), model(WeightedGCN)
    assert plain.column_separable
    assert plain.fold_in(graph) is plain.readout
    assert not changed.column_separable
    assert changed.fold_in(graph) is None


@pytest.mark.parametrize("norm_power", [0.0, 1.0])
def test_terms_sum_to_the_score(norm_power: float) -> None:
    graph = BipartiteGraph(TRAIN, Symmetric(), None)
    encoder = model(LightGCN).double()
    encoded = encoder(graph.double())
    items = encoded.items * encoded.items.norm(dim=1, keepdim=True).clamp_min(1e-12) ** (norm_power - 1)
    linear = encoder.linear_terms(graph, norm_power)
    for user, item in ((0, 3), (7, 9)):
        total = sum(term.value for term in linear.terms(user, item))
        assert total == pytest.approx(float(encoded.users[user] @ items[item]), rel=1e-5)
    assert torch.equal(encoder.known_items(graph), encoded.items.any(1))

"""What is said of a model whose score is not split."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.layergcn import LayerGCN
from ltgnn.models.lightgcn import LightGCN
from ltgnn.types import UserError
from tests.models.linear_score_case import TRAIN, WeightedGCN, model


def test_what_is_not_known_is_not_called_false() -> None:
    graph = BipartiteGraph(TRAIN, Symmetric(), None)
    with pytest.raises(UserError, match=r"it is not known whether .* give WeightedGCN a method `linear_terms"):
        model(WeightedGCN).linear_terms(graph, 1.0)
    with pytest.raises(UserError, match="is not a sum over the history: it weighs"):
        model(LayerGCN).linear_terms(graph, 1.0)
    unit = BipartiteGraph(TRAIN, Symmetric(), None, message=partial(F.normalize, dim=1))
    with pytest.raises(UserError, match="messages of unit length"):
        model(LightGCN).linear_terms(unit, 1.0)


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

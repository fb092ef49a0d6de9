"""LATTICE's item graph against a loop over pairs; when the neighbours are found anew."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.graph.kind_edges import SimilarItemsByKind
from ltgnn.graph.kind_graphs import KindGraphs
from ltgnn.graph.projected_graphs import ProjectedGraphs
from ltgnn.graph.semantic import SimilarItems
from ltgnn.types import UserError
from tests.graph.kinds_case import BLOCKS, BOTH, WITHOUT

EDGES = SimilarItemsByKind(SimilarItems(4, 0.0, False, True, 1.0), {"text": 3, "images": 1}).with_blocks(BLOCKS)


def make(skip: float = 0.3, every: int = 2, k: int = 5) -> ProjectedGraphs:
    torch.manual_seed(0)
    return ProjectedGraphs(BOTH, 23, EDGES, True, None, 3, k, skip, every).double()


def naive(graphs: ProjectedGraphs, states: Tensor) -> Tensor:
    """Cosine by cosine, with the neighbours of the maps as they are."""
    matrix = torch.zeros(23, 23, dtype=torch.float64)
    shares = graphs.logits.softmax(0)
    for kind, (name, columns) in enumerate((("text", slice(0, 6)), ("images", slice(6, 10)))):
        there = [i for i in range(23) if name == "text" or i not in WITHOUT]
        rows = {i: graphs.project[kind].weight @ BOTH[i, columns].double() for i in there}
        for i in there:
            cosines = [(F.cosine_similarity(rows[i], rows[j], dim=0), j) for j in there if j != i]
            for cosine, j in sorted(cosines, key=lambda pair: -float(pair[0].detach()))[:5]:
                if cosine > 0:
                    matrix = matrix.clone()
                    matrix[i, j] = matrix[i, j] + shares[kind] * cosine
    degree = matrix.sum(1)
    scale = torch.where(degree > 0, degree.clamp_min(1e-12).rsqrt(), 0.0)
    frozen = KindGraphs(BOTH, 23, EDGES, True, None).double()
    frozen.logits = graphs.logits
    return 0.3 * frozen.propagate(states) + 0.7 * (scale[:, None] * matrix * scale) @ states


@pytest.mark.parametrize("training", [True, False])
def test_values_and_gradients(training: bool) -> None:
    graphs, states = make().train(training), torch.randn(23, 4, dtype=torch.float64, requires_grad=True)
    found, wanted = graphs.propagate(states), naive(graphs, states)
    target, given = torch.randn(23, 4, dtype=torch.float64), [states, *graphs.parameters()]
    one, other = (torch.autograd.grad((table * target).sum(), given) for table in (found, wanted))
    for left, right in [(found, wanted), *zip(one, other, strict=True)]:
        torch.testing.assert_close(left, right, rtol=1e-6, atol=1e-7)
    assert all(bool(gradient.abs().sum() > 0) for gradient in one)


def test_neighbours_stay_for_some_products_in_training_alone() -> None:
    graphs, states = make(every=2).train(), torch.randn(23, 4, dtype=torch.float64)
    graphs.propagate(states)
    before = [near.clone() for near in graphs.found]
    with torch.no_grad():
        for project in graphs.project:
            project.weight.normal_()
    graphs.propagate(states)
    assert all(torch.equal(one, other) for one, other in zip(before, graphs.found, strict=True))
    torch.testing.assert_close(graphs.eval().propagate(states), naive(graphs, states), rtol=1e-6, atol=1e-7)
    assert all(torch.equal(one, other) for one, other in zip(before, graphs.found, strict=True))
    graphs.train().propagate(states)
    assert not all(torch.equal(one, other) for one, other in zip(before, graphs.found, strict=True))


def test_a_resumed_graph_continues_where_the_other_stopped() -> None:
    states = torch.randn(23, 4, dtype=torch.float64)
    one, other = make(every=3).train(), make(every=3).train()
    one.propagate(states)
    with torch.no_grad():
        for project in one.project:
            project.weight.normal_()
    other.load_state_dict(one.state_dict())
    for _ in range(4):
        assert torch.equal(one.propagate(states), other.propagate(states))
    assert one.products == other.products == 5


def test_with_a_skip_of_1_it_is_the_frozen_sum() -> None:
    states = torch.randn(23, 4, dtype=torch.float64)
    frozen = KindGraphs(BOTH, 23, EDGES, True, None).double()
    torch.testing.assert_close(make(skip=1.0).propagate(states), frozen.propagate(states))


def test_what_is_refused() -> None:
    with pytest.raises(UserError, match=r"model=lattice: width=3, k=0"):
        make(k=0)

"""SGL: views on graphs with a random part left out."""

from __future__ import annotations

import pytest
import torch

from ltgnn.types import UserError
from ltgnn.views.drop import GraphDrop, edges, nodes
from ltgnn.views.noise import SimGCL, XSimGCL
from tests.views.views_case import EVERYTHING, LAYERS, SIZE, TRAIN, USERS, adjacency, agree, graph, model, start


@pytest.mark.parametrize("drop", [edges, nodes])
@pytest.mark.parametrize("graphs", [1, LAYERS])
def test_sgl_equals_naive(drop: object, graphs: int) -> None:
    """Both views, with a graph for the whole pass (edge and node dropout) or one for each layer (random walk)."""
    encoder, views = model(ego=True), GraphDrop(drop, 0.4, graphs)  # type: ignore[arg-type]
    views.resample(graph(), torch.Generator().manual_seed(7))
    main, others = views(encoder, graph())
    generator = torch.Generator().manual_seed(7)
    expected = []
    for number in range(3):
        matrices = [adjacency(EVERYTHING)]
        if number:
            masks = []
            for _ in range(graphs):
                draw = torch.rand(len(TRAIN) if drop is edges else SIZE, generator=generator) >= 0.4
                masks.append(draw if drop is edges else draw[TRAIN.users] & draw[TRAIN.items + USERS])
            matrices = [adjacency(mask) for mask in masks]
        states = [start(encoder)]
        for layer in range(LAYERS):
            states.append(matrices[layer % len(matrices)] @ states[-1])
        expected.append(sum(states) / (LAYERS + 1))
    agree(encoder, [main, *others], expected)
    again = views(encoder, graph())[1]
    torch.testing.assert_close(again[0].users, others[0].users)  # the same graphs all through the epoch
    views.resample(graph(), torch.Generator().manual_seed(8))
    assert not torch.allclose(views(encoder, graph())[1][0].users, others[0].users)


@pytest.mark.parametrize("views", [GraphDrop(edges, 0.1, 1), SimGCL(0.1), XSimGCL(0.1, 1)])
def test_nothing_to_contrast_without_layers(views: object) -> None:
    with pytest.raises(UserError, match=r"Set views=clean, or model=lightgcn"):
        views(model(ego=True, layers=0), graph())  # type: ignore[operator]


def test_values_out_of_range() -> None:
    with pytest.raises(UserError, match=r"views.rate=1"):
        GraphDrop(edges, 1.0, 1)
    with pytest.raises(UserError, match=r"views.eps=-1"):
        SimGCL(-1)

"""SimGCL and XSimGCL: views by noise on the states, no second graph."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.types import UserError
from ltgnn.views.noise import SimGCL, XSimGCL
from tests.views.views_case import EVERYTHING, LAYERS, adjacency, agree, graph, model, start


def perturbed(x: Tensor, eps: float, generator: torch.Generator) -> Tensor:
    """``e + eps * sign(e) * u / |u|``, entry by entry (published-results 1.2, row 5)."""
    draw = torch.rand(x.shape, generator=generator, dtype=torch.float64)
    rows = []
    for state, u in zip(x, draw, strict=True):
        length = sum(value.item() ** 2 for value in u) ** 0.5
        rows.append(torch.stack([e + eps * (1 if e > 0 else -1) * v / length for e, v in zip(state, u, strict=True)]))
    return torch.stack(rows)


def test_simgcl_equals_naive() -> None:
    encoder, views = model(ego=False), SimGCL(eps=0.1)
    views.resample(graph(), torch.Generator().manual_seed(7))
    main, others = views(encoder, graph())
    generator, matrix = torch.Generator().manual_seed(7), adjacency(EVERYTHING)
    expected = []
    for noisy in (False, True, True):
        x, layers = start(encoder), []
        for _ in range(LAYERS):
            x = matrix @ x
            if noisy:
                x = perturbed(x, 0.1, generator)
            layers.append(x)
        expected.append((layers[0] + layers[1] + layers[2]) / 3)
    agree(encoder, [main, *others], expected)
    assert not torch.allclose(others[0].users, others[1].users)


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_xsimgcl_equals_naive(layer: int) -> None:
    encoder, views = model(ego=False), XSimGCL(eps=0.2, layer=layer)
    views.resample(graph(), torch.Generator().manual_seed(7))
    main, others = views(encoder, graph())
    generator, matrix = torch.Generator().manual_seed(7), adjacency(EVERYTHING)
    x, layers = start(encoder), []
    for _ in range(LAYERS):
        x = perturbed(matrix @ x, 0.2, generator)
        layers.append(x)
    final = (layers[0] + layers[1] + layers[2]) / 3
    agree(encoder, [main, *others], [final, layers[layer - 1]])


def test_noise_of_an_epoch_depends_on_its_generator_alone() -> None:
    encoder, drawn = model(ego=False), []
    for seed in (7, 8, 7):
        views = SimGCL(eps=0.1)
        views.resample(graph(), torch.Generator().manual_seed(seed))
        drawn.append(views(encoder, graph())[1][0].users)
    torch.testing.assert_close(drawn[0], drawn[2])
    assert not torch.allclose(drawn[0], drawn[1])


def test_layer_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"views.layer=4.*layers 1 to 3"):
        XSimGCL(0.1, 4)(model(ego=True), graph())

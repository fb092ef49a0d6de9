"""SGL, SimGCL and XSimGCL against naive dense implementations in float64, values and gradients."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Mean
from ltgnn.types import Encoded, UserError
from ltgnn.views.clean import Clean
from ltgnn.views.drop import GraphDrop, edges, nodes
from ltgnn.views.noise import SimGCL, XSimGCL
from tests.conftest import random_interactions

TRAIN = random_interactions(12, 15, 0.3, seed=2)
USERS, SIZE, DIM, LAYERS = 12, 27, 6, 3


def model(ego: bool, layers: int = LAYERS) -> LightGCN:
    torch.manual_seed(0)
    init = partial(torch.nn.init.normal_, std=0.1)
    embedding = NodeEmbedding(TRAIN, DIM, init, Id, None)
    return LightGCN(embedding, layers, Mean(ego)).double()


def graph() -> BipartiteGraph:
    return BipartiteGraph(TRAIN, Symmetric(), None).double()


def adjacency(kept: Tensor) -> Tensor:
    """Normalised adjacency of the kept interactions, from their 0/1 matrix."""
    matrix = torch.zeros(SIZE, SIZE, dtype=torch.float64)
    for u, i in zip(TRAIN.users[kept].tolist(), TRAIN.items[kept].tolist(), strict=True):
        matrix[u, USERS + i] = matrix[USERS + i, u] = 1
    degree = matrix.sum(0)
    scale = torch.where(degree > 0, degree, torch.ones_like(degree)) ** -0.5
    return scale[:, None] * matrix * scale[None]


EVERYTHING = torch.ones(len(TRAIN), dtype=torch.bool)


def agree(encoder: LightGCN, ours: list[Encoded], theirs: list[Tensor]) -> None:
    """Final states of all passes, and the gradient of a random weighing of them in the first states."""
    tables = [encoder.embedding.users, encoder.embedding.items]
    weights = [torch.randn(SIZE, DIM, dtype=torch.float64) for _ in ours]
    got = [torch.cat([one.users, one.items]) for one in ours]
    for one, other in zip(got, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
    both = [
        torch.autograd.grad(sum((w * x).sum() for w, x in zip(weights, states, strict=True)), tables, retain_graph=True)
        for states in (got, theirs)
    ]
    for one, other in zip(*both, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)


def start(encoder: LightGCN) -> Tensor:
    return torch.cat([encoder.embedding.users, encoder.embedding.items])


def perturbed(x: Tensor, eps: float, generator: torch.Generator) -> Tensor:
    """``e + eps * sign(e) * u / |u|``, entry by entry (published-results 1.2, row 5)."""
    draw = torch.rand(x.shape, generator=generator, dtype=torch.float64)
    rows = []
    for state, u in zip(x, draw, strict=True):
        length = sum(value.item() ** 2 for value in u) ** 0.5
        rows.append(torch.stack([e + eps * (1 if e > 0 else -1) * v / length for e, v in zip(state, u, strict=True)]))
    return torch.stack(rows)


def test_clean_is_the_encoder() -> None:
    encoder = model(ego=True)
    main, views = Clean()(encoder, graph())
    torch.testing.assert_close(main.users, encoder(graph()).users)
    assert views == []


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


def test_noise_of_an_epoch_depends_on_its_generator_alone() -> None:
    encoder, drawn = model(ego=False), []
    for seed in (7, 8, 7):
        views = SimGCL(eps=0.1)
        views.resample(graph(), torch.Generator().manual_seed(seed))
        drawn.append(views(encoder, graph())[1][0].users)
    torch.testing.assert_close(drawn[0], drawn[2])
    assert not torch.allclose(drawn[0], drawn[1])


@pytest.mark.parametrize("views", [GraphDrop(edges, 0.1, 1), SimGCL(0.1), XSimGCL(0.1, 1)])
def test_nothing_to_contrast_without_layers(views: object) -> None:
    with pytest.raises(UserError, match=r"Set views=clean, or model=lightgcn"):
        views(model(ego=True, layers=0), graph())  # type: ignore[operator]


def test_layer_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"views.layer=4.*layers 1 to 3"):
        XSimGCL(0.1, 4)(model(ego=True), graph())


def test_values_out_of_range() -> None:
    with pytest.raises(UserError, match=r"views.rate=1"):
        GraphDrop(edges, 1.0, 1)
    with pytest.raises(UserError, match=r"views.eps=-1"):
        SimGCL(-1)

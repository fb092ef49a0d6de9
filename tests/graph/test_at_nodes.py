"""The layers at some nodes against dense linear algebra in float64, values and gradients."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.at_nodes import narrow
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import Kernel, csr_product, embedding_bag, scatter
from ltgnn.graph.normalisation import Power, Symmetric
from ltgnn.types import Interactions
from tests.graph.bipartite_case import dense, shop

KERNELS: list[Kernel | None] = [embedding_bag, csr_product, scatter, None]
FEW, MANY = torch.tensor([3, 0, 39, 21]), torch.arange(38).flip(0)  # node 39 is cold


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("nodes", [FEW, MANY])
@pytest.mark.parametrize("num_layers", [0, 1, 2, 3])
def test_equals_dense(kernel: Kernel | None, nodes: torch.Tensor, num_layers: int) -> None:
    train = shop()
    graph, matrix = BipartiteGraph(train, Power(0.6, -0.1), kernel).double(), dense(train, 0.6, -0.1)
    states = torch.randn(40, 8, dtype=torch.float64, requires_grad=True)
    targets = torch.randn(num_layers + 1, len(nodes), 8, dtype=torch.float64)
    found = graph.layers_at(states, num_layers, nodes)
    assert found is not None
    whole = [states]
    while len(whole) <= num_layers:
        whole.append(matrix @ whole[-1])
    expected = [layer[nodes] for layer in whole]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)  # weights are kept in float32
    for read in ({0}, {num_layers}, {num_layers // 2}, {0, num_layers}, set(range(num_layers + 1))):  # by a loss
        (ours,), (theirs,) = (
            torch.autograd.grad(sum((layers[n] * targets[n]).sum() for n in read), states, retain_graph=True)
            for layers in (found, expected)
        )
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6 * float(theirs.abs().max()))


def test_gradcheck(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, Symmetric(), None).double()
    states = torch.randn(9, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: graph.layers_at(x, 2, torch.tensor([1, 7, 8])), states)


def test_not_with_messages() -> None:
    graph = BipartiteGraph(shop(), Symmetric(), None, message=torch.tanh)
    assert graph.layers_at(torch.randn(40, 2), 1, FEW) is None


def test_narrow_keeps_the_rows_or_refuses() -> None:
    matrix = BipartiteGraph(shop(), Symmetric(), None)._both_ways[0]
    rows = narrow(matrix, FEW)
    assert rows is not None
    states = torch.randn(40, 4)
    torch.testing.assert_close(embedding_bag(rows, states), embedding_bag(matrix, states)[FEW])
    assert narrow(matrix, MANY) is None

"""The polynomial at some nodes against dense linear algebra in float64, values and gradients."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import Kernel, csr_product, embedding_bag, scatter
from ltgnn.graph.normalisation import Power, Symmetric
from ltgnn.graph.polynomial import narrow
from ltgnn.types import Interactions
from tests.graph.test_bipartite import dense, shop

KERNELS: list[Kernel | None] = [embedding_bag, csr_product, scatter, None]
FEW, MANY = torch.tensor([3, 0, 39, 21]), torch.arange(38).flip(0)  # node 39 is cold


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("nodes", [FEW, MANY])
@pytest.mark.parametrize("coefficients", [[0.7], [0.3, 0.7], [0.25] * 4, [0.1, -0.4, 0.9]])
def test_equals_dense(kernel: Kernel | None, nodes: torch.Tensor, coefficients: list[float]) -> None:
    train = shop()
    graph, matrix = BipartiteGraph(train, Power(0.6, -0.1), kernel).double(), dense(train, 0.6, -0.1)
    states = torch.randn(40, 8, dtype=torch.float64, requires_grad=True)
    targets = torch.randn(2, len(nodes), 8, dtype=torch.float64)
    found = graph.polynomial(states, coefficients, nodes)
    assert found is not None
    powers = [torch.eye(40, dtype=torch.float64)]
    while len(powers) < len(coefficients):
        powers.append(matrix @ powers[-1])
    operator = sum(c * power for c, power in zip(coefficients, powers, strict=True))
    expected = (operator @ states)[nodes], states[nodes]
    for part in ((0,), (1,), (0, 1)):  # a loss may read the final states, the first, or both
        (ours,) = torch.autograd.grad(sum((found[n] * targets[n]).sum() for n in part), states, retain_graph=True)
        (theirs,) = torch.autograd.grad(sum((expected[n] * targets[n]).sum() for n in part), states, retain_graph=True)
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6 * float(theirs.abs().max()))
    torch.testing.assert_close(found[0], expected[0], rtol=1e-6, atol=1e-6)  # weights are kept in float32
    torch.testing.assert_close(found[1], expected[1])


def test_gradcheck(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, Symmetric(), None).double()
    states = torch.randn(9, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: graph.polynomial(x, [0.2, 0.3, 0.5], torch.tensor([1, 7, 8])), states)


def test_no_polynomial_of_messages() -> None:
    graph = BipartiteGraph(shop(), Symmetric(), None, message=torch.tanh)
    assert graph.polynomial(torch.randn(40, 2), [0.5, 0.5], FEW) is None


def test_narrow_keeps_the_rows_or_refuses() -> None:
    matrix = BipartiteGraph(shop(), Symmetric(), None)._both_ways[0]
    rows = narrow(matrix, FEW)
    assert rows is not None
    states = torch.randn(40, 4)
    torch.testing.assert_close(embedding_bag(rows, states), embedding_bag(matrix, states)[FEW])
    assert narrow(matrix, MANY) is None

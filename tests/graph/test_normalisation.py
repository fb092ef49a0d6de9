"""Edge weights of the graph: what a message counts, by the degrees of who receives and who sends it."""

from __future__ import annotations

import pytest

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import csr_product, embedding_bag, scatter
from ltgnn.graph.normalisation import Power, RAdjNorm, RandomWalk, Symmetric
from tests.graph.bipartite_case import agree, dense, shop

EXPONENTS = {  # of the receiver's degree and of the sender's, as the papers write them
    "symmetric": (Symmetric(), 0.5, 0.5),
    "random walk": (RandomWalk(), 1.0, 0.0),
    "r-AdjNorm": (RAdjNorm(0.7), 0.7, 0.3),
    "LightGCN++": (Power(0.6, -0.1), 0.6, -0.1),
}


@pytest.mark.parametrize("kernel", [embedding_bag, csr_product, scatter, None])
@pytest.mark.parametrize("name", EXPONENTS)
def test_normalisations_equal_dense(kernel: object, name: str) -> None:
    train = shop()
    normalisation, alpha, beta = EXPONENTS[name]
    matrix = dense(train, alpha, beta)
    agree(BipartiteGraph(train, normalisation, kernel).double(), lambda x: matrix @ x, 40)  # type: ignore[arg-type]

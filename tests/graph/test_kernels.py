"""Sparse propagation kernels, the choice among them, and one differentiable product over all of them."""

from __future__ import annotations

import time
from functools import partial

import pytest
import torch

from ltgnn.graph import kernels
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import (
    Csr,
    Fastest,
    choose_kernel,
    csr_product,
    embedding_bag,
    scatter,
    triton_rows,
    underlying_kernel,
)
from ltgnn.graph.normalisation import Symmetric
from ltgnn.types import UserError
from tests.conftest import random_interactions
from tests.graph.bipartite_case import shop


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_blocks_give_the_same_bits(dtype: torch.dtype) -> None:
    """Rows without entries, at the ends too, and a row larger than a block; for all thread counts."""
    lengths = torch.tensor([0, 0, 3, 0, 90, 1, 1, 0, 17, 9, 2, 0, 30, 0])
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)]).int()
    generator = torch.Generator().manual_seed(0)
    columns = torch.randint(14, (int(lengths.sum()),), generator=generator).int()
    matrix = Csr(offsets, columns, torch.rand(len(columns), generator=generator, dtype=dtype))
    states = torch.randn(14, 8, generator=generator, dtype=dtype)
    whole = kernels.bags(matrix, states)
    assert [rows.start for rows, _ in kernels.blocks(matrix, 20)] == [0, 5, 9, 10, 13]
    assert [rows.stop for rows, _ in kernels.blocks(matrix, 20)] == [5, 9, 10, 13, 14]
    assert all(len(part.columns) == part.offsets[-1] for _, part in kernels.blocks(matrix, 20))
    for block in (20, 1):
        assert torch.equal(embedding_bag(matrix, states, block), whole)


def test_the_fastest_kernel_is_found_once_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    train = shop()
    calls = []

    def slow(matrix: Csr, states: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        time.sleep(0.2)  # more than a busy machine makes of the other
        return scatter(matrix, states)

    def broken(matrix: Csr, states: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    fastest = Fastest({"slow": slow, "broken": broken, "embedding_bag": embedding_bag}, rounds=2)
    graph = BipartiteGraph(train, Symmetric(), fastest)
    states = torch.randn(40, 4, requires_grad=True)
    with caplog.at_level("INFO", "ltgnn"):
        graph.propagate(states).sum().backward()
        graph.propagate(states)
    assert len(calls) == 3  # one to warm up
    (message,) = [record.getMessage() for record in caplog.records]
    assert "width 4: embedding_bag (slow" in message
    assert "broken" not in message
    torch.testing.assert_close(graph.propagate(states), BipartiteGraph(train, Symmetric(), None).propagate(states))


def test_the_own_kernel_stays_unless_another_is_faster_by_far(caplog: pytest.LogCaptureFixture) -> None:
    graph = BipartiteGraph(shop(), Symmetric(), None)
    matrix, states = Csr(graph.offsets, graph.columns, graph.weights), torch.ones(40, 4)
    taken = {embedding_bag: 4.0, csr_product: 3.0, triton_rows: float("inf"), scatter: 9.0}
    fastest = partial(Fastest, timer=lambda kernel, *given: taken[underlying_kernel(kernel)])
    both = {"csr": csr_product, "embedding_bag": partial(embedding_bag), "triton_rows": triton_rows}
    with caplog.at_level("INFO", "ltgnn"):
        assert fastest(both, 1).winner(matrix, states) is csr_product
        assert choose_kernel(fastest(both, 1, margin=0.6), matrix, states) is embedding_bag
        assert choose_kernel(fastest(both, 1, margin=0.8), matrix, states) is csr_product
        assert len(caplog.records) == 3
        assert fastest(both, 1, least=len(matrix.columns) * 4 + 1).winner(matrix, states) is embedding_bag
        assert len(caplog.records) == 3  # too small a product to be timed
        assert (
            fastest({"scatter": scatter, "triton_rows": triton_rows}, 1, margin=0.1).winner(matrix, states) is scatter
        )
        assert fastest({"triton_rows": triton_rows}, 1, margin=0.1).winner(matrix, states) is scatter
    assert "scatter (no other runs here)" in caplog.text


def test_a_kernel_of_another_device_says_so() -> None:
    train = random_interactions(4, 3, 0.5, 0)
    with pytest.raises(UserError, match="runs on CUDA"):
        BipartiteGraph(train, Symmetric(), triton_rows).propagate(torch.zeros(7, 2))

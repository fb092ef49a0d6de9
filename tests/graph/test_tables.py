"""Memory that is used again, but never while anything reads it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.graph import tables
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import Csr, Kernel, embedding_bag, half_gather
from ltgnn.graph.normalisation import Symmetric
from ltgnn.graph.tables import PAGE, Tables
from tests.graph.bipartite_case import shop


def test_memory_is_used_again_once_nobody_holds_it() -> None:
    pieces = Tables()
    one = pieces.empty(10, 4, torch.float32)
    assert (one.shape, one.dtype, one.data_ptr() % 64) == ((10, 4), torch.float32, 0)
    place = one.data_ptr()
    part = one.fill_(1.0)[2:3]
    del one
    other = pieces.empty(10, 4, torch.float32).fill_(2.0)  # a view is still there
    assert other.data_ptr() != place
    assert part.tolist() == [[1.0] * 4]
    del part
    assert pieces.empty(5, 4, torch.float64).data_ptr() == place


def test_what_is_too_small_is_let_go() -> None:
    pieces = Tables()
    held = pieces.empty(10, 4, torch.float32).fill_(3.0)
    pieces.empty(20, 4, torch.float32)
    large = pieces.empty(40, 4, torch.float32)
    assert [len(memory) - PAGE for memory in pieces.kept] == [160, 640]
    assert len(large) == 40
    assert held.unique().tolist() == [3.0]


def in_blocks(matrix: Csr, states: Tensor) -> Tensor:
    """The kernel in blocks of four entries, as those of a large graph are made."""
    return embedding_bag(matrix, states, block=4)


@pytest.mark.parametrize("kernel", [in_blocks, half_gather])
def test_gradients_hold_on_to_their_table(kernel: Kernel) -> None:
    """Two backward passes add up, a layer that is read later stays: as in new memory."""
    graph = BipartiteGraph(shop(), Symmetric(), kernel)
    start, nodes = torch.randn(40, 4), torch.arange(38)

    def passes() -> list[torch.Tensor]:
        states = start.clone().requires_grad_()
        kept = graph.propagate(states)
        for _ in range(2):
            (torch.stack(graph.layers_at(states, 3, nodes) or ()) ** 2).sum().backward()
        (kept**3).sum().backward()
        assert states.grad is not None
        return [kept.detach(), states.grad]

    whole = passes()
    with tables.reused_memory(least=0):
        reused = passes()
        assert tables._tables is not None
        assert tables._tables.kept, "it was in use"
    assert tables._tables is None, "and ends with the block"
    for ours, theirs in zip(reused, whole, strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(passes(), whole, strict=True):
        assert torch.equal(ours, theirs)

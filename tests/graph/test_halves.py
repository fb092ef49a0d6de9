"""States that stay float16 from hop to hop, against float32."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.graph import tables
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.halves import from_halves, raise_unit, rescale_to, to_halves, unit_of
from ltgnn.graph.kernels import Kernel, embedding_bag, half_gather
from ltgnn.graph.normalisation import Power, Symmetric
from tests.conftest import random_interactions

FEW, MANY = torch.arange(0, 150, 30), torch.arange(149)


def passes(kernel: Kernel, nodes: Tensor, num_layers: int, normalisation: Power, pull: float = 1.0) -> list[Tensor]:
    """The layers at some nodes, and the gradient of a sum in which each layer counts alike."""
    graph = BipartiteGraph(random_interactions(60, 90, 0.2, seed=3), normalisation, kernel)
    generator = torch.Generator().manual_seed(4)
    states = torch.randn(150, 8, generator=generator, requires_grad=True)
    layers = graph.layers_at(states, num_layers, nodes)
    assert layers is not None
    parts = [layer * torch.randn(layer.shape, generator=generator) / layer.detach().norm() for layer in layers]
    (sum(part.sum() for part in parts) * pull).backward()  # type: ignore[union-attr]
    assert states.grad is not None
    return [*(layer.detach() for layer in layers), states.grad]


@pytest.mark.parametrize("num_layers", [1, 2, 3, 8])
@pytest.mark.parametrize("nodes", [FEW, MANY])
@pytest.mark.parametrize("normalisation", [Symmetric(), Power(0.0, 0.0), Power(1.0, 1.0)])  # 12 ** 8 overflows float16
def test_layers_and_gradients_are_those_of_float32(num_layers: int, nodes: Tensor, normalisation: Power) -> None:
    exact = passes(embedding_bag, nodes, num_layers, normalisation)
    found = passes(half_gather, nodes, num_layers, normalisation)
    assert torch.equal(found[0], exact[0])  # the states themselves are read as they are
    for ours, theirs in zip(found[1:], exact[1:], strict=True):
        assert 1e-6 < (ours - theirs).norm() / theirs.norm() < 1e-3


@pytest.mark.parametrize("power", [-60, -20, 12])
def test_small_gradients_are_as_exact_as_large_ones(power: int) -> None:
    (*_, one), (*_, other) = (passes(half_gather, FEW, 3, Symmetric(), pull) for pull in (1.0, 2.0**power))
    assert torch.equal(one * 2.0**power, other)


@given(st.lists(st.floats(-(2**40), 2**40, width=32), min_size=1, max_size=40), st.integers(-60, 60))
def test_what_comes_back_is_within_half_a_digit_of_float16(values: list[float], power: int) -> None:
    states = torch.tensor(values, dtype=torch.float64)[:, None] * 2.0**power
    states = states.float()
    unit = unit_of(states)
    back = from_halves(to_halves(states, unit), unit, torch.float32)
    assert unit == 1 or 0.5 <= (states.abs().max() / unit) <= 1 or states.abs().max() < 2.0**-99
    assert ((back - states).abs() <= torch.maximum(states.abs() * 2.0**-11, unit * 2.0**-24)).all()


def test_levels_where_a_hop_has_gone_far() -> None:
    unit = torch.tensor(0.5)
    near, far = torch.tensor([[3.0, -5.0]]).half(), torch.tensor([[3.0, -2048.0]]).half()
    assert rescale_to(near, unit, near)[0] is near
    found, other = rescale_to(far.clone(), unit, far)
    assert other == 0.5 * 4096
    assert torch.equal(found * 4096, far)
    assert unit_of(torch.zeros(2, 3)) == unit_of(torch.ones(0, 3)) == 1


def test_a_near_layer_may_pull_far_more_than_a_distant_one() -> None:
    """Gradients of 1 and 2 ** 20 at two layers: the unit of the first holds nothing of the second."""
    found = []
    for kernel in (embedding_bag, half_gather):
        graph = BipartiteGraph(random_interactions(60, 90, 0.2, seed=3), Symmetric(), kernel)
        states = torch.randn(150, 8, generator=torch.Generator().manual_seed(4), requires_grad=True)
        layers = graph.layers_at(states, 2, FEW)
        assert layers is not None
        (layers[2].sum() + layers[1].square().sum() * 2.0**20).backward()  # type: ignore[no-untyped-call]
        found.append(states.grad)
    exact, half = found
    assert exact is not None
    assert half is not None
    assert (half - exact).norm() / exact.norm() < 1e-3
    unit = torch.tensor(1.0)
    assert raise_unit(None, None, unit) == (None, unit)
    assert raise_unit(torch.ones(1, 1).half(), unit, unit * 16)[1] == unit
    up, other = raise_unit(torch.ones(1, 1).half(), unit, unit * 32)
    assert (up, other) == (torch.tensor([[1 / 32]]), 32)


def test_large_states_are_the_same_in_blocks_of_rows() -> None:
    states = torch.randn(30, 4)
    unit = unit_of(states)
    whole = to_halves(states, unit)
    with tables.reused_memory(least=0):
        assert torch.equal(to_halves(states, unit, rows=7), whole)
        assert torch.equal(from_halves(whole, unit, torch.float32, rows=7), whole.float() * unit)

"""Propagation against dense linear algebra in float64, values and gradients, for every word of the graph axis."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hydra.utils import instantiate
from torch.nn import functional as F

from ltgnn.config.composing import compose_config
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import half_gather
from ltgnn.graph.normalisation import Power, RandomWalk, Symmetric
from ltgnn.types import Interactions
from tests.conftest import random_interactions
from tests.graph.bipartite_case import shop


def test_lightgcnpp_message_has_length_one() -> None:
    """``e_i = d_i^-alpha sum_u d_u^-beta e_u / |e_u|`` by a loop over the neighbours."""
    train = shop()
    graph = BipartiteGraph(train, Power(0.6, -0.1), None, message=partial(F.normalize, dim=1)).double()
    users, items = train.user_counts.tolist(), train.item_counts.tolist()

    def step(states: torch.Tensor) -> torch.Tensor:
        rows = [torch.zeros(8, dtype=torch.float64) for _ in range(40)]
        for u, i in zip(train.users.tolist(), train.items.tolist(), strict=True):
            rows[17 + i] = rows[17 + i] + items[i] ** -0.6 * users[u] ** 0.1 * states[u] / states[u].norm()
            rows[u] = rows[u] + users[u] ** -0.6 * items[i] ** 0.1 * states[17 + i] / states[17 + i].norm()
        return torch.stack(rows)

    states = torch.randn(40, 8, dtype=torch.float64, requires_grad=True)
    ours, theirs = graph.propagate(states), step(states)
    weights = torch.randn(40, 8, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((ours * weights).sum(), states)
    (expected,) = torch.autograd.grad((theirs * weights).sum(), states)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-7)


def test_random_walk_equals_pyg_mean() -> None:
    from torch_geometric.nn import SimpleConv

    train = random_interactions(17, 23, 0.2, seed=3)
    ends = torch.stack([train.users, train.items + 17])
    states = torch.randn(40, 5)
    expected = SimpleConv(aggr="mean")(states, torch.cat([ends, ends.flip(0)], 1))
    torch.testing.assert_close(BipartiteGraph(train, RandomWalk(), None).propagate(states), expected)


def test_gradcheck_twice(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, RandomWalk(), None).double()
    states = torch.randn(9, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(graph.propagate, states)
    assert torch.autograd.gradgradcheck(graph.propagate, states)


def test_symmetric_rows_and_cold_nodes(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, Symmetric(), None)
    matrix = graph.propagate(torch.eye(9))
    torch.testing.assert_close(matrix, matrix.T)
    assert matrix[0, 4] == pytest.approx((2 * 3) ** -0.5)  # user 0 has 2 items, item 0 has 3 users
    assert not matrix[8].any()  # item 4 is cold


def test_autocast_stays_in_float32(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, Symmetric(), None)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert graph.propagate(torch.ones(9, 2, dtype=torch.bfloat16)).dtype == torch.float32


def test_dropped_nodes_have_no_interaction() -> None:
    train = random_interactions(40, 50, 0.3, seed=1)
    graph = BipartiteGraph(train, Symmetric(), None).drop_nodes(0.4, torch.Generator().manual_seed(0))
    lost = set(train.keys.tolist()) - set(graph.train_edges.keys.tolist())
    gone_users = {u for u in range(40) if not (graph.train_edges.users == u).any()}
    gone_items = {i for i in range(50) if not (graph.train_edges.items == i).any()}
    assert lost == {key for key in train.keys.tolist() if key // 50 in gone_users or key % 50 in gone_items}
    assert 10 <= len(gone_users) <= 22


def test_nothing_in_the_checkpoint(tiny: Interactions) -> None:
    assert not BipartiteGraph(tiny, Symmetric(), None).state_dict()


def test_half_gather_adds_up_in_float32() -> None:
    train = random_interactions(200, 300, 0.2, seed=3)
    states = torch.randn(500, 16)
    exact = BipartiteGraph(train, Symmetric(), None).propagate(states)
    half = BipartiteGraph(train, Symmetric(), half_gather).propagate(states)
    error = (half - exact).norm() / exact.norm()
    assert 1e-6 < error < 1e-3


@pytest.mark.parametrize("power", [-90, -40, -20, 14, 60])
def test_half_gather_is_as_exact_for_gradients_as_for_states(power: int) -> None:
    """A gradient of a mean over a batch is far below 6e-5, where float16 begins to lose digits."""
    graph = BipartiteGraph(random_interactions(60, 90, 0.2, seed=3), Symmetric(), half_gather)
    states, scale = torch.randn(150, 8), 2.0**power
    assert torch.equal(graph.propagate(states * scale), graph.propagate(states) * scale)
    assert torch.equal(graph.propagate(0 * states), 0 * states)


def test_the_default_kernel_is_measured_where_a_layer_takes_time(caplog: pytest.LogCaptureFixture) -> None:
    graph = partial(instantiate(compose_config("train", [], None).graph), features=None)
    small = graph(shop())
    big = graph(random_interactions(3000, 2000, 0.05, 0))
    with caplog.at_level("INFO", "ltgnn"):
        small.propagate(torch.ones(40, 64))
        assert not caplog.records
        big.propagate(torch.ones(5000, 256))
    (record,) = caplog.records
    assert f"on cpu, {len(big.columns)} edges, width 256: " in record.getMessage()
    assert "(embedding_bag " in record.getMessage()  # both timed; which one wins is the machine's
    assert ", csr " in record.getMessage()

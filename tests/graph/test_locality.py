"""A graph renumbered by clusters: the same sums to the last bit, and neighbours that are close."""

from __future__ import annotations

import logging
from functools import partial

import pytest
import torch
from torch import Tensor

from ltgnn.graph.at_nodes import layers_at
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import Csr, csr_product, embedding_bag, half_gather
from ltgnn.graph.locality import cluster_order, faster, orthonormal, renumber
from ltgnn.graph.normalisation import Symmetric
from ltgnn.types import Interactions


def left(receiver: Tensor, sender: Tensor) -> Tensor:
    """A normalisation whose two directions differ."""
    return 1 / receiver.clamp(min=1)


def communities(users: int = 300, items: int = 200, number: int = 5, seed: int = 0) -> Interactions:
    """Users who take 12 items each, eleven of them of their own community; ids are in no order."""
    generator = torch.Generator().manual_seed(seed)
    per = items // number
    own = torch.arange(users) % number
    picks = torch.rand(users, per, generator=generator).argsort(1)[:, :11] + own[:, None] * per
    other = torch.randint(items, (users, 1), generator=generator)
    keys = torch.unique(torch.arange(users)[:, None] * items + torch.cat([picks, other], 1))
    one, two = torch.randperm(users, generator=generator), torch.randperm(items, generator=generator)
    return Interactions(one[keys // items], two[keys % items], users, items)


def graph_of(train: Interactions, normalisation=None, reorder=faster) -> BipartiteGraph:  # type: ignore[no-untyped-def]
    return BipartiteGraph(train, normalisation or Symmetric(), None, reorder=reorder)


def dense(matrix: Csr, width: int) -> Tensor:
    found = torch.zeros(len(matrix.offsets) - 1, width)
    for row in range(len(found)):
        entries = slice(int(matrix.offsets[row]), int(matrix.offsets[row + 1]))
        found[row, matrix.columns[entries].long()] = matrix.weights[entries]
    return found


@pytest.mark.parametrize("normalisation", [None, left])
def test_renumbered_equals_the_permuted_matrix(normalisation) -> None:  # type: ignore[no-untyped-def]
    forth, back = graph_of(communities(40, 30), normalisation)._both_ways
    order = torch.randperm(70, generator=torch.Generator().manual_seed(3))
    near = renumber(forth, back, order)
    assert torch.equal(near.place[order], torch.arange(70))
    assert torch.equal(dense(near.matrix, 70), dense(forth, 70)[order][:, order])
    assert torch.equal(dense(near.transposed, 70), dense(back, 70)[order][:, order])
    assert torch.equal(dense(near.first, 70), dense(forth, 70)[order])


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("normalisation", [None, left])
@pytest.mark.parametrize("kernel", [embedding_bag, half_gather, csr_product])
def test_layers_and_gradients_are_the_same_bits(num_layers, normalisation, kernel) -> None:  # type: ignore[no-untyped-def]
    graph = graph_of(communities(), normalisation)
    forth, back = graph._both_ways
    near = renumber(forth, back, cluster_order(forth, 20))
    generator = torch.Generator().manual_seed(1)
    nodes = torch.randperm(graph.size, generator=generator)[:20]
    pull = torch.randn(num_layers + 1, 20, 8, generator=generator)
    found = []
    for order in (None, near):
        states = torch.randn(graph.size, 8, generator=torch.Generator().manual_seed(2), requires_grad=True)
        layers = layers_at(states, forth, back, kernel, num_layers, nodes, order)
        (torch.stack(layers) * pull).sum().backward()  # type: ignore[no-untyped-call]
        found.append((*layers, states.grad))
    for plain, ordered in zip(*found, strict=True):
        assert torch.equal(plain, ordered)


def test_the_order_brings_together_those_with_common_neighbours() -> None:
    train = communities()
    matrix = graph_of(train)._both_ways[0]
    order = cluster_order(matrix, 20)
    assert torch.equal(order.sort().values, torch.arange(500))
    assert torch.equal(order, cluster_order(matrix, 20))
    place = torch.empty(500)
    place[order] = torch.arange(500.0)
    assert spread(train, place) < 0.4 * spread(train, torch.randperm(500).float())  # a community alone: .2


def spread(train: Interactions, place: Tensor) -> float:
    """Mean distance between the places of two users of an item."""
    distances = [torch.pdist(place[train.users[train.items == item]][:, None], 1).mean() for item in range(200)]
    return float(torch.stack(distances).nanmean())


def test_nodes_without_neighbours_have_a_place() -> None:
    train = Interactions(torch.tensor([0, 1]), torch.tensor([0, 1]), 40, 30)
    assert torch.equal(cluster_order(graph_of(train)._both_ways[0], 4).sort().values, torch.arange(70))


def test_an_order_is_looked_for_in_training_alone_and_kept_if_it_is_faster(caplog: pytest.LogCaptureFixture) -> None:
    asked, after = [], [0.0]
    nodes, states = torch.arange(20), torch.randn(500, 8, requires_grad=True)

    def times(kernel: object, matrix: Csr, states: Tensor, rounds: int) -> float:
        asked.append(matrix)
        return 1.0 if matrix.columns is graph.columns else after[0]

    graph = graph_of(communities(), reorder=partial(faster, timer=times))
    graph.layers_at(states, 2, nodes)
    assert not asked  # 16 kB lie in any cache
    always = partial(faster, cache=0, timer=times)
    graph = graph_of(communities(), reorder=always)
    graph.layers_at(states.detach(), 2, nodes)
    graph.layers_at(states, 1, nodes)
    assert not asked  # nobody trains; a single hop goes to the nodes alone
    for time, kept in ((0.5, True), (1.0, False)):
        after[0] = time
        graph = graph_of(communities(), reorder=always)
        with caplog.at_level(logging.INFO):
            graph.layers_at(states, 2, nodes)
        assert (graph._orders[8] is not None) == kept
        assert ("by cluster (" if kept else "as in the data (") in caplog.messages[-1]
        number = len(asked)
        graph.layers_at(states, 2, nodes)
        assert len(asked) == number  # once for each width


def test_training_is_the_same_to_the_last_bit() -> None:
    def trained(choose) -> Tensor:  # type: ignore[no-untyped-def]
        graph = graph_of(communities(), reorder=choose)
        states = torch.nn.Parameter(torch.randn(500, 8, generator=torch.Generator().manual_seed(0)))
        optimizer = torch.optim.Adam([states], lr=0.01)
        for step in range(5):
            nodes = torch.arange(500)[step::9]
            optimizer.zero_grad()
            sum(layer.square().mean() for layer in graph.layers_at(states, 3, nodes) or ()).backward()  # type: ignore[union-attr]
            optimizer.step()
        return states.detach()

    def always(matrix: Csr, transposed: Csr, kernel: object, width: int) -> object:
        return renumber(matrix, transposed, cluster_order(matrix, 20))

    assert torch.equal(trained(lambda *given: None), trained(always))


def test_rows_of_a_matrix() -> None:
    matrix = graph_of(communities(40, 30))._both_ways[0]
    nodes = torch.tensor([69, 3, 0, 41])
    assert torch.equal(dense(matrix, 70)[nodes], dense(matrix.rows(nodes), 70))
    assert matrix.rows(nodes[:0]).offsets.tolist() == [0]


def test_a_basis_spans_what_it_is_made_of() -> None:
    generator = torch.Generator().manual_seed(3)
    vectors = torch.randn(500, 6, generator=generator) @ torch.diag(10.0 ** (torch.arange(6) / 2))
    basis = orthonormal(vectors)
    torch.testing.assert_close(basis.T @ basis, torch.eye(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(basis @ (basis.T @ vectors), vectors, atol=1e-3, rtol=1e-4)
    twice = orthonormal(torch.cat([vectors, vectors[:, :1]], 1))
    assert twice.isfinite().all()
    assert not orthonormal(torch.zeros(9, 3)).any()

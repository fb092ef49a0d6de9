"""Fresh events folded in against the graph and the model built from scratch."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Power, RAdjNorm, RandomWalk, Symmetric
from ltgnn.inference.incremental_propagation import Propagation, make_propagation
from ltgnn.models.readout import Last, Mean
from ltgnn.types import Interactions
from tests.conftest import random_interactions

NORMALISATIONS = (Symmetric(), RandomWalk(), Power(0.6, -0.1), RAdjNorm(0.7))


def scratch(train: Interactions, first: Tensor, kind: int, depth: int, unit: bool) -> list[Tensor]:
    message = (lambda x: F.normalize(x, dim=1)) if unit else None
    graph = BipartiteGraph(train, NORMALISATIONS[kind], None, message=message)
    layers = [first]
    for _ in range(depth):
        layers.append(graph.propagate(layers[-1]))
    return layers


def opening(train: Interactions, layers: list[Tensor], kind: int, unit: bool) -> Propagation:
    edges = (train.users, train.items, torch.ones(len(train), dtype=torch.float64))
    message = (lambda x: F.normalize(x, dim=1)) if unit else None
    return make_propagation(edges, train.num_users, train.num_items, layers, NORMALISATIONS[kind], message)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6), st.integers(0, 3), st.integers(0, 3), st.integers(0, 12), st.integers(0, 3),
    st.integers(0, 3), st.booleans(),
)  # fmt: skip
def test_folding_in_is_building_from_scratch(
    seed: int, users: int, items: int, events: int, kind: int, depth: int, unit: bool
) -> None:
    draw = torch.Generator().manual_seed(seed)
    old = random_interactions(12, 9, 0.15, seed)
    first = torch.randn(21, 4, generator=draw)
    before = scratch(old, first, kind, depth, unit)
    total_users, total_items = 12 + users, 9 + items
    pairs = torch.stack(
        [torch.randint(total_users, (events,), generator=draw), torch.randint(total_items, (events,), generator=draw)]
    )
    keys = torch.unique(pairs[0] * total_items + pairs[1])
    keys = keys[~torch.isin(keys, old.users * total_items + old.items)]
    new_users, new_items = keys // total_items, keys % total_items

    train = Interactions(torch.cat([old.users, new_users]), torch.cat([old.items, new_items]), total_users, total_items)
    fresh = torch.cat([torch.arange(9, total_items), torch.tensor([2])])  # new items, and an item with another state
    states = torch.randn(len(fresh), 4, generator=draw)
    state = torch.cat([first[:12], torch.zeros(users, 4), first[12:], torch.zeros(items, 4)])
    state[fresh + total_users] = states
    wanted = scratch(train, state, kind, depth, unit)

    graph = opening(old, before, kind, unit).grow(users, items)
    one = torch.ones(len(keys), dtype=torch.float64)
    update = graph.update(new_users, new_items, one, states, fresh + total_users)
    for got, layer in zip(update.graph.layers, wanted, strict=True):
        torch.testing.assert_close(got, layer, rtol=1e-5, atol=1e-6)
    whole = BipartiteGraph(train, NORMALISATIONS[kind], None)
    assert torch.equal(update.graph.columns, whole.columns.long())
    assert torch.equal(update.graph.offsets, whole.offsets.long())
    torch.testing.assert_close(update.graph.weights, whole.weights)
    for readout in (Mean(True), Mean(False), Last()):
        final = opening(old, before, kind, unit).extend_rows(readout(before), users, items)
        torch.testing.assert_close(update.read_out(readout, final), readout(wanted), rtol=1e-5, atol=1e-6)


def test_a_second_update_goes_on_from_the_first_and_far_nodes_are_left_alone() -> None:
    # two components: a new pair in one computes nothing in the other
    old = Interactions(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 0, 1, 1]), 4, 3)
    first = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
    before = scratch(old, first, 0, 2, False)
    one = torch.ones(1, dtype=torch.float64)
    nothing = torch.empty(0, 5), torch.empty(0, dtype=torch.int64)
    update = opening(old, before, 0, False).update(torch.tensor([0]), torch.tensor([2]), one, *nothing)
    assert update.changed.tolist() == [True, True, False, False, True, False, True]
    assert update.computed == [0, 3, 4]  # user 0 and items 0, 2; then user 1, who hears item 0
    for layer, kept in zip(update.graph.layers, before, strict=True):
        assert torch.equal(layer[~update.changed], kept[~update.changed])
    again = update.graph.update(torch.tensor([3]), torch.tensor([2]), one, *nothing)
    train = Interactions(torch.tensor([0, 1, 2, 3, 0, 3]), torch.tensor([0, 0, 1, 1, 2, 2]), 4, 3)
    for got, wanted in zip(again.graph.layers, scratch(train, first, 0, 2, False), strict=True):
        torch.testing.assert_close(got, wanted)

"""The nodes of a batch, and the batch in their numbers."""

from __future__ import annotations

import torch

from ltgnn.tensors.batch_nodes import covers_catalogue, drawn_items, nodes_of, number_distinct, per_batch_states
from ltgnn.testing import toy
from ltgnn.types import Batch


def test_numbers_lead_back_to_the_nodes() -> None:
    batch = toy.batch()
    nodes = nodes_of(batch, toy.USERS, toy.ITEMS)
    assert torch.equal(nodes.users, batch.users.unique())
    assert torch.equal(nodes.items, torch.cat([batch.pos, batch.neg.flatten()]).unique())
    assert torch.equal(nodes.users[nodes.batch.users], batch.users)
    assert torch.equal(nodes.items[nodes.batch.pos], batch.pos)
    assert torch.equal(nodes.items[nodes.batch.neg], batch.neg)


def test_shared_negatives_stay_one_row() -> None:
    shared = torch.tensor([4, 2]).expand(3, 2)
    batch = Batch(torch.tensor([0, 1, 2]), torch.tensor([1, 1, 0]), shared)
    assert drawn_items(batch).tolist() == [4, 2]
    assert nodes_of(batch, 3, 5).batch.neg.stride(0) == 0
    assert covers_catalogue(batch, 1)
    assert not covers_catalogue(batch, 2)


def test_states_of_each_batch_are_those_of_its_nodes() -> None:
    main, batch = toy.encoded(), toy.batch()
    (first, states), _ = per_batch_states([batch, toy.batch(4)], main)
    assert torch.equal(states.users[first.users], main.users[batch.users])
    assert torch.equal(states.items[first.neg], main.items[batch.neg])


def test_places_of_distinct_numbers() -> None:
    found, place = number_distinct([torch.tensor([5, 2]), torch.tensor([2, 0])], 6)
    assert found.tolist() == [0, 2, 5]
    assert place[found].tolist() == [0, 1, 2]

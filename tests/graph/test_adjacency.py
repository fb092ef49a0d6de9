"""The rows of a graph, whatever the blocks they are made in; one weight vector where both directions agree."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.adjacency import Messages, concatenate_messages, degrees, rows_of
from ltgnn.graph.normalisation import Power, Symmetric
from tests.graph.bipartite_case import shop
from tests.graph.test_normalisation import EXPONENTS


def messages(weighted: bool) -> Messages:
    train = shop()
    weights = train.weights.double() if weighted and train.weights is not None else None
    return Messages(train.users, train.items + 17, weights)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("name", EXPONENTS)
def test_blocks_change_nothing(name: str, weighted: bool) -> None:
    normalisation, _, _ = EXPONENTS[name]
    given = messages(weighted)
    other = Messages(given.senders, given.receivers, given.strength)
    degree = degrees([given, other], 40)
    whole = rows_of(other, degree, normalisation)
    for block in (1, 7, len(given.senders)):
        for one, two in zip(rows_of(other, degree, normalisation, block), whole, strict=True):
            assert torch.equal(one, two)
    assert (whole.back is whole.forth) == isinstance(normalisation, Symmetric)


def test_directions_may_agree_at_first() -> None:
    """Nodes 0 and 1 have one edge between them, whose weights are alike; the edges of 2 have unlike ones."""
    given = Messages(torch.tensor([0, 2, 2]), torch.tensor([1, 4, 3]), None)
    degree = degrees([given, Messages(given.senders, given.receivers, None)], 5)
    rows = rows_of(given, degree, Power(1.0, 0.0), block=1)
    assert rows.columns.tolist() == [1, 3, 4]
    assert rows.lengths.tolist() == [1, 0, 2, 0, 0]
    assert rows.forth.tolist() == [1, 0.5, 0.5]
    assert rows.back.tolist() == [1, 1, 1]


def test_messages_without_a_strength_count_as_one() -> None:
    given = messages(True)
    bare = Messages(given.receivers, given.senders, None)
    both = concatenate_messages([given, bare])
    assert both.strength is not None
    assert given.strength is not None
    assert both.strength.tolist() == [*given.strength.tolist(), *[1.0] * len(bare.senders)]
    expected = torch.bincount(given.receivers, given.strength, 40) + torch.bincount(given.receivers, minlength=40)
    assert torch.equal(degrees([given, bare], 40), expected)
    assert concatenate_messages([given]) is given

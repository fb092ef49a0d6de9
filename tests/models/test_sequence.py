"""Sequence models against step-by-step loops, and what they may and may not know."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.models.histories import Histories
from ltgnn.models.self_attention import SelfAttention
from ltgnn.types import Batch, Interactions, UserError
from tests.models.sequence_case import BODIES, DIM, LIMIT, build, graph, history, shop


@pytest.mark.parametrize("name", BODIES)
def test_states_equal_the_loop(name: str) -> None:
    """In evaluation after the whole history, in training before the row's positive; values and gradients."""
    body, loop = BODIES[name]
    train = shop()
    model = build(train, body)
    vectors = model.embedding.items
    assert vectors is not None

    def after(items: list[int]) -> Tensor:
        return loop(model, [model.start, *(vectors[item] for item in items[-LIMIT:])])

    model.eval()
    torch.testing.assert_close(
        model(graph(train)).users, torch.stack([after(history(train, user)) for user in range(9)]), rtol=1e-4, atol=1e-5
    )
    model.train()
    batch = model.prepare_batch(Batch(train.users, train.items, torch.empty(len(train), 0, dtype=torch.int64)))
    assert batch.users.tolist() == list(range(len(train)))
    assert batch.user_numbers(batch.users).tolist() == train.users.tolist()
    states = model(graph(train)).users
    pasts = [
        history(train, u)[: history(train, u).index(i)]
        for u, i in zip(train.users.tolist(), train.items.tolist(), strict=True)
    ]
    expected = torch.stack([after(past) for past in pasts])
    torch.testing.assert_close(states, expected, rtol=1e-4, atol=1e-5)
    weights = torch.randn(len(train), DIM)
    both = [
        torch.autograd.grad((x * weights).sum(), [vectors, model.start], retain_graph=True) for x in (states, expected)
    ]
    for one, other in zip(*both, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_mistakes_name_the_option(tiny: Interactions) -> None:
    with pytest.raises(UserError, match=r"data.reader.time"):
        Histories(tiny)
    with pytest.raises(UserError, match=r"heads=4 does not divide dim=6"):
        SelfAttention(6, 5, layers=1, heads=4, dropout=0.0)

"""SASRec: causal self-attention over a history."""

from __future__ import annotations

import pytest
import torch

from ltgnn.types import Batch
from tests.models.sequence_case import BODIES, build, graph, history, shop


@pytest.mark.parametrize("name", BODIES)
def test_the_future_is_unknown(name: str) -> None:
    """Changing the positive, or any later item, leaves the state before it as it was."""
    train = shop()
    model = build(train, BODIES[name][0]).train()
    items = history(train, 0)
    place = len(items) // 2
    row = Batch(torch.tensor([0]), torch.tensor([items[place]]), torch.empty(1, 0, dtype=torch.int64))
    model.prepare_batch(row)
    before = model(graph(train)).users
    with torch.no_grad():
        model.embedding.items[items[place:]] += 1.0  # type: ignore[index]
    torch.testing.assert_close(model(graph(train)).users, before)
    with torch.no_grad():
        model.embedding.items[items[place - 1]] += 1.0  # type: ignore[index]
    assert not torch.allclose(model(graph(train)).users, before)

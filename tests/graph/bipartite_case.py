"""What tests of bipartite share."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ltgnn.graph.strength import Decay, Events
from ltgnn.types import Interactions
from tests.conftest import random_interactions

TEXT = torch.randn(23, 6, generator=torch.Generator().manual_seed(1))


def shop() -> Interactions:
    """17 users, 23 items (the last one cold), with times and event weights."""
    train = random_interactions(17, 23, 0.2, seed=3)
    train = train.select(train.items != 22)
    generator = torch.Generator().manual_seed(5)
    times = torch.rand(len(train), generator=generator, dtype=torch.float64) * 900 * 86400
    weights = torch.randint(1, 4, (len(train),), generator=generator).float()
    return Interactions(train.users, train.items, 17, 23, times, weights)


def pair_weights(train: Interactions, strength: str) -> list[float]:
    """Strength of each interaction, one by one."""
    assert train.times is not None
    assert train.weights is not None
    last = max(train.times.tolist())
    event = [weight**0.5 for weight in train.weights.tolist()]
    age = [max(0.5 ** ((last - time) / 86400 / 365), 0.3) for time in train.times.tolist()]
    both = [a * b for a, b in zip(event, age, strict=True)]
    return {"": [1.0] * len(train), "events": event, "decay": age, "both": both}[strength]


STRENGTH = {
    "": {},
    "events": {"events": Events(0.5)},
    "decay": {"decay": Decay(365, 0.3)},
    "both": {"events": Events(0.5), "decay": Decay(365, 0.3)},
}


def similar_pairs(k: int, least: float, mutual: bool) -> dict[tuple[int, int], float]:
    """Pairs of items by the definition, cosine by cosine."""
    cosine = F.cosine_similarity(TEXT[:, None], TEXT[None], dim=-1)
    near = {
        (i, j)
        for i in range(23)
        for j in sorted((j for j in range(23) if j != i), key=lambda j: -cosine[i, j].item())[:k]
        if cosine[i, j] >= least and cosine[i, j] > 0
    }
    if mutual:
        near = {(i, j) for i, j in near if (j, i) in near}
    return {(min(i, j), max(i, j)): cosine[i, j].item() for i, j in near}


def dense(
    train: Interactions, alpha: float, beta: float, weights: list[float] | None = None, pairs: object = None
) -> torch.Tensor:
    """The [N, N] operator, entry by entry: weights, then degrees, then ``D^-alpha W D^-beta``."""
    size = train.num_users + train.num_items
    matrix = torch.zeros(size, size, dtype=torch.float64)
    for u, i, w in zip(train.users.tolist(), train.items.tolist(), weights or [1.0] * len(train), strict=True):
        matrix[u, train.num_users + i] = matrix[train.num_users + i, u] = w
    for (i, j), w in dict(pairs or {}).items():  # type: ignore[call-overload]
        matrix[train.num_users + i, train.num_users + j] = matrix[train.num_users + j, train.num_users + i] = w
    degree = matrix.sum(1)
    degree[degree == 0] = 1
    return degree.pow(-alpha)[:, None] * matrix * degree.pow(-beta)[None, :]


def agree(graph: object, operator: object, size: int) -> None:
    """Two steps of both, values and gradients."""
    states = torch.randn(size, 8, dtype=torch.float64, requires_grad=True)
    target = torch.randn(size, 8, dtype=torch.float64)
    ours = graph.propagate(graph.propagate(states))  # type: ignore[attr-defined]
    (gradient,) = torch.autograd.grad((ours * target).sum(), states)
    theirs = operator(operator(states))  # type: ignore[operator]
    (expected,) = torch.autograd.grad((theirs * target).sum(), states)
    for one, other in ((ours, theirs), (gradient, expected)):  # weights are kept in float32
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6 * other.abs().max().item())

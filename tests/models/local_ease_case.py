"""What tests of local ease share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.closed_form.candidates import Candidates
from ltgnn.models.closed_form.local_ease import LocalEASE
from ltgnn.types import ClosedForm, Interactions
from tests.conftest import random_interactions

USERS, ITEMS = 40, 23

TRAIN = random_interactions(USERS, ITEMS - 1, 0.25, seed=5)

TRAIN = Interactions(TRAIN.users, TRAIN.items, USERS, ITEMS)  # the last item is cold

FEATURES = torch.randn(ITEMS, 6, generator=torch.Generator().manual_seed(2))

EVERYONE = torch.arange(USERS)


def local(most: int = 5, neighbours: int = 0, **options: Any) -> LocalEASE:
    given: dict[str, Any] = {
        "l2": 3.0, "content_weight": 0.0, "denoise": 0.0, "user_norm": 0.0, "item_norm": 0.0, "longest_history": 1000,
        "least_cosine": 0.0,
    }  # fmt: skip
    return LocalEASE(Candidates(2, most, 1.5, 0.5, neighbours), **(given | options))


def dense() -> Tensor:
    matrix = torch.zeros(USERS, ITEMS, dtype=torch.float64)
    matrix[TRAIN.users, TRAIN.items] = 1
    return matrix


def unit() -> Tensor:
    return F.normalize(FEATURES.double() - FEATURES.double().mean(0), dim=1)


def naive_candidates(gram: Tensor, item: int, most: int, neighbours: int) -> list[int]:
    counts = dense().sum(0)
    width = int(min(max(1.5 * float(counts[item]) ** 0.5, 2), most))
    others = [c for c in range(ITEMS) if c != item and gram[item, c] > 0]
    others.sort(key=lambda c: (-float(gram[item, c] / counts[c].clamp_min(1).sqrt()), c))
    cosines = unit() @ unit()[item]
    near = sorted((c for c in range(ITEMS) if c != item), key=lambda c: -float(cosines[c]))[:neighbours]
    return sorted({*others[:width], *near})


def naive_weights(most: int, neighbours: int, content_weight: float, penalty: Tensor, user_norm: float = 0.0) -> Tensor:
    rows = dense() * dense().sum(1, keepdim=True).clamp_min(1) ** (-user_norm / 2)
    shared = rows.T @ rows
    target = shared + content_weight * unit() @ unit().T
    weights = torch.zeros(ITEMS, ITEMS, dtype=torch.float64)
    for item in range(ITEMS):
        chosen = naive_candidates(shared, item, most, neighbours)
        left = target[chosen][:, chosen] + penalty[chosen].diag()
        weights[chosen, item] = torch.linalg.solve(left, target[chosen, item])
    return weights


def scores_of(model: ClosedForm, features: Tensor | None = None) -> Tensor:
    return model.fit(TRAIN, features).unmasked().scores(EVERYONE).double()


def close(found: Tensor, wanted: Tensor, atol: float = 1e-6) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=atol)

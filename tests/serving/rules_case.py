"""What tests of rules share."""

from __future__ import annotations

import torch

from ltgnn.inference.catalogue import Catalogue
from ltgnn.inference.rule_engine import RuleRanker, Rules
from ltgnn.inference.served_model import ServedModel
from ltgnn.types import Groups, Interactions, Split
from tests.conftest import interactions


def model(kinds: str, labels: list[int]) -> ServedModel:
    n = len(kinds)
    train, nothing = interactions([(0, n - 1), (1, 0)], 2, n), interactions([], 2, n)
    train = Interactions(train.users, train.items, 2, n, torch.tensor([0.0, 864000.0]))
    held = interactions([(0, 0)], 2, n)
    fields = {"kind": list(kinds), "price": [str(place) for place in range(n)]}
    catalogue = Catalogue(["a", "b"], [f"i{place}" for place in range(n)], fields)
    groups = Groups("two", ("head", "tail", "cold"), torch.tensor(labels, dtype=torch.int8), "by hand")
    text = torch.randn(n, 4, generator=torch.Generator().manual_seed(1))
    return ServedModel("toy", lambda users: torch.zeros(len(users), n), catalogue, Split(train, nothing, held, "hand"),
                  groups, lambda: text, {})  # fmt: skip


def listed(served: ServedModel, rules: dict[str, object], k: int, scores: list[float], user: int = 0) -> list[int]:
    items = RuleRanker(Rules(rules), served, k)(torch.tensor([user]), torch.tensor([scores]))[0][0]
    return [item for item in items.tolist() if item >= 0]

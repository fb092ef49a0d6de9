"""Business rules: what the shop wants of a list, applied after scoring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ltgnn.evaluation.topk import best_items

if TYPE_CHECKING:
    from ltgnn.serving.served import Served


class Rules:
    """Named rules; one that is None is left out."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self.rules = {name: rule for name, rule in rules.items() if rule is not None}


class Ruled:
    """Rules at work on one model: scores -> lists of length ``k``."""

    def __init__(self, rules: Rules, served: Served, k: int) -> None:
        self.rules, self.served, self.k = rules, served, k

    def __call__(self, users: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Users [b] and scores [b, I], -inf for no candidate -> items [b, k] (-1 past the end), scores [b, k]."""
        return best_items(scores, self.k)

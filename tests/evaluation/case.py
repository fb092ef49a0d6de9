"""A small random catalogue with everything an evaluation can look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import Tensor

from ltgnn.evaluation.evaluator import Evaluator
from ltgnn.types import Evaluation, Groups, Interactions

NAMES = ("head", "mid", "tail", "cold")
CONF = Path(__file__).parents[2] / "conf"


@cache
def full() -> partial[Evaluator]:
    """conf/eval/full.yaml as Hydra makes it."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        made: partial[Evaluator] = instantiate(compose("eval/full").eval, _convert_="all")
    return made


def evaluator(
    held_out: Interactions,
    seen: Sequence[Interactions],
    groups: Mapping[str, Groups],
    features: Tensor | None = None,
    item_fields: Mapping[str, Sequence[str]] | None = None,
    **changes: Any,
) -> Evaluator:
    """The evaluator of conf/eval/full.yaml, with keys replaced."""
    return full()(held_out, seen, groups, features, item_fields, **changes)


class Case:
    """Random scores, seen and held-out pairs, and groups; some users have nothing held out, the group cold is empty."""

    def __init__(self, seed: int, num_users: int = 9, num_items: int = 23) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.num_users, self.num_items = num_users, num_items
        self.scores = torch.rand(num_users, num_items, generator=generator)
        role = torch.rand(num_users, num_items, generator=generator)
        role[num_users // 2] = 0.9  # a user without any pair
        role[0, 0] = 0.3  # at least one held-out pair
        self.seen, self.held_out = self.pairs(role < 0.2), self.pairs((role > 0.2) & (role < 0.4))
        labels = torch.randint(0, 3, (num_items,), generator=generator).to(torch.int8)
        self.groups = {"toy": Groups("toy", NAMES, labels, "random labels")}
        self.features = torch.randn(num_items, 5, generator=generator)
        picks = torch.randint(0, 4, (num_items, 2), generator=generator).tolist()
        self.fields = {"genres": ["|".join("ABC"[p] for p in row if p < 3) for row in picks]}

    def pairs(self, mask: Tensor) -> Interactions:
        users, items = torch.nonzero(mask, as_tuple=True)
        return Interactions(users, items, self.num_users, self.num_items)

    def evaluate(self, **changes: Any) -> Evaluation:
        made = evaluator(self.held_out, [self.seen], self.groups, self.features, self.fields, **changes)
        return made(lambda users: self.scores[users])

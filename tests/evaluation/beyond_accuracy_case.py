"""What tests of beyond accuracy share."""

from __future__ import annotations

from math import log2

import torch

from ltgnn.evaluation.categories import Categories
from ltgnn.evaluation.lists import Lists
from ltgnn.types import Groups, Interactions

TRAIN = Interactions(torch.tensor([0, 1, 2, 3, 0, 1, 2, 3]), torch.tensor([0, 0, 0, 0, 2, 3, 1, 1]), 4, 5)

HELD_OUT = Interactions(torch.tensor([0, 0, 1, 3]), torch.tensor([3, 4, 3, 2]), 4, 5)

LISTS = Lists(
    users=torch.tensor([0, 1, 3]),
    scores=torch.tensor([[2.0, 2.0, 1.0], [0.5, 0.5, -torch.inf], [3.0, 2.0, 1.0]]),
    items=torch.tensor([[1, 3, 4], [2, 1, -1], [0, 2, 3]]),  # user 3 gets 0 although it is in train: no matter here
    found=torch.tensor([[False, True, True], [False, False, False], [False, True, False]]),
    relevant=torch.tensor([2, 1, 1]),
    held_out=HELD_OUT,
    train=TRAIN,
    seen=TRAIN.by_user,
    features=torch.tensor([[1.0, 0], [3, 0], [0, 2], [1, 1], [0, 0]]),
    categories=Categories(["genres"], "|")({"genres": ["A", "A|B", "B", "C", ""]}),
)

GROUPS = Groups("toy", ("head", "tail", "cold"), torch.tensor([0, 0, 1, 1, 2], dtype=torch.int8), "")

D2, D3 = 1 / log2(3), 1 / 2  # discounts of places 2 and 3; place 1 has 1


def random_case(seed: int, k: int = 6, num_users: int = 12, num_items: int = 15) -> Lists:
    generator = torch.Generator().manual_seed(seed)
    items = torch.rand(num_users, num_items, generator=generator).argsort(1)[:, :k]
    train = torch.rand(num_users, num_items, generator=generator) < torch.rand(num_items, generator=generator)
    held = torch.rand(num_users, num_items, generator=generator) < 0.3
    held[:, 0] = True
    pairs = [Interactions(*mask.nonzero(as_tuple=True), num_users, num_items) for mask in (train, held)]
    genres = [f"g{g}" for g in torch.randint(0, 4, (num_items,), generator=generator).tolist()]
    return Lists(
        users=torch.arange(num_users),
        items=items,
        scores=torch.zeros(items.shape),
        found=held.gather(1, items),
        relevant=held.sum(1),
        held_out=pairs[1],
        train=pairs[0],
        seen=pairs[0].by_user,
        features=torch.randn(num_items, 4, generator=generator),
        categories=Categories(["genres"], "|")({"genres": genres}),
    )

"""A shop of 12 items and 8 users, and a tiny encoder to tune on it."""

from collections.abc import Callable

import pytest
import torch

from ltgnn.features.encoders import HuggingFace
from ltgnn.features.tuning.adaptation import Full, Lora
from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.types import Interactions

TEXTS = [f"{colour} {thing}" for colour in ("red", "blue", "dark") for thing in ("soap", "comb", "nail oil", "soap")]
TEXTS[11] = ""  # and items 0 and 3, 4 and 7, read the same


def interactions(pairs: list[tuple[int, int]], num_users: int = 8, num_items: int = 12) -> Interactions:
    users, items = torch.tensor(pairs, dtype=torch.int64).T
    return Interactions(users.contiguous(), items.contiguous(), num_users, num_items)


@pytest.fixture(scope="session")
def train() -> Interactions:
    """Users 0 to 6 have 2 to 4 items, user 7 has one; item 10 is cold, item 11 has only user 7."""
    bought = [[0, 1], [1, 2, 3], [0, 4, 5, 6], [6, 7], [7, 8, 9], [2, 5], [3, 9, 0], [11]]
    return interactions([(user, item) for user, items in enumerate(bought) for item in items])


@pytest.fixture
def encoder(tiny: Callable[..., HuggingFace]) -> Callable[..., TunedEncoder]:
    def make(
        adapt: Full | Lora = Full(freeze_embeddings=False),  # noqa: B008
        checkpointing: bool = False,
        chunk_tokens: int = 64,
        dropout: float | None = None,
        texts: list[str] = TEXTS,
        **reading: object,
    ) -> TunedEncoder:
        return TunedEncoder(tiny(**reading), texts, adapt, checkpointing, chunk_tokens, dropout)

    return make

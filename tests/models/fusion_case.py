"""What tests of fusion share."""

from __future__ import annotations

from functools import partial

import torch

from ltgnn.models.embedding import NodeEmbedding
from tests.conftest import interactions

TRAIN = interactions([(u, i) for u, items in enumerate(([0, 1, 2, 3], [0, 1, 2, 4], [0, 1])) for i in items], 3, 6)

COUNTS = TRAIN.item_counts  # 3, 3, 2, 1, 1, 0

WARM = (COUNTS > 0)[:, None]

ITEM_TEXT = torch.randn(6, 10, generator=torch.Generator().manual_seed(0))

INIT = partial(torch.nn.init.normal_, std=0.1)


def embed(fusion: object, text: torch.Tensor | None = ITEM_TEXT, dim: int = 4) -> NodeEmbedding:
    return NodeEmbedding(TRAIN, dim, INIT, fusion, text)  # type: ignore[arg-type]

"""What tests of blocks share."""

from __future__ import annotations

import numpy as np

DRAW = np.random.default_rng(0)


def codes(size: int = 100, ids: int = 12) -> np.ndarray:
    return DRAW.integers(0, ids, size).astype(np.int32)

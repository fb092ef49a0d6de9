"""What tests of narrow share."""

from __future__ import annotations

import torch

from ltgnn.data.cleaning import Cleaning
from ltgnn.types import Interactions

NUM_USERS, NUM_ITEMS = 60_000, 40_000  # their product passes 2^31

WHOLE = Cleaning(None, None, None, 2, 2, False, False)


def narrow(part: Interactions) -> bool:
    return part.users.dtype == part.items.dtype == torch.int32


def wide(part: Interactions) -> bool:
    return part.users.dtype == part.items.dtype == torch.int64

"""What tests of rule share."""

from __future__ import annotations

from typing import Any

import torch


class Odd:
    """A rule of somebody's own: items with an odd number."""

    def allowed(self, served: Any) -> torch.Tensor:
        return torch.arange(served.num_items) % 2 == 1

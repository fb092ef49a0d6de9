"""Rows of any length in one array (CSR): some of the rows gathered, pairs of users and items as such a table."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.types import Interactions

Csr = tuple[Tensor, Tensor]
"""Offsets [R + 1] of the rows, and the entries of all of them [E] or [E, ...], row after row."""


def entries_of(offsets: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Offsets [n + 1] of a table of ``rows`` [n] only, and the positions of its entries in the full one [m].

    Both are of the type of ``offsets`` [R + 1].
    """
    starts = offsets[rows]
    lengths = offsets[rows + 1] - starts
    found = F.pad(torch.cumsum(lengths, 0, dtype=offsets.dtype), (1, 0))
    total = int(found[-1])
    places = torch.repeat_interleave(starts - found[:-1], lengths, output_size=total)
    places += torch.arange(total, dtype=places.dtype, device=places.device)
    return found, places


def csr_rows(csr: Csr, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The entries of ``rows`` [n], laid end to end: place in ``rows`` [m] int64, and entry [m]."""
    offsets, entries = csr
    found, places = entries_of(offsets, rows)
    return torch.repeat_interleave(found.diff(), output_size=len(places)), entries[places]


def union_by_user(parts: Sequence[Interactions], num_users: int, num_items: int) -> Csr:
    """The items of each user in any of ``parts``, ascending and once each; of a single part its own table."""
    if len(parts) == 1:
        return parts[0].by_user
    keys = torch.unique(torch.cat([torch.empty(0, dtype=torch.int64), *(part.keys for part in parts)]))
    offsets = torch.zeros(num_users + 1, dtype=torch.int64)
    users = keys // max(num_items, 1)
    offsets[1:] = torch.bincount(users, minlength=num_users).cumsum(0)
    return offsets, keys % max(num_items, 1)

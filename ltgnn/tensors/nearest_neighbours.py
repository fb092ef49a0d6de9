"""Nearest neighbours among vectors, in blocks: never an items x items matrix."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.tensors.inverted_file import nearest_in_cells

EXACT = 200_000
"""Rows up to which all are compared with all."""

PROBES = 24
"""Cells that a row is compared with, where it is not with all."""


def nearest(features: Tensor, k: int, block: int = 1024) -> tuple[Tensor, Tensor]:
    """Cosine and number of the ``k`` nearest other rows of each row.  [I, D] -> [I, k], [I, k], on the CPU

    Of more than ``EXACT`` rows those in the ``PROBES`` nearest cells of ``sqrt(I)``: time grows with ``I^1.5``.
    """
    if len(features) > EXACT:
        unit = F.normalize(features.detach().float().cpu(), dim=1)
        return nearest_in_cells(unit, min(k, len(unit) - 1), math.isqrt(len(unit)), PROBES)
    device = "cuda" if torch.cuda.is_available() else "cpu"  # 40,000 items: half a minute on one core
    unit = F.normalize(features.detach().float().to(device), dim=1)
    k = min(k, len(unit) - 1)
    values, columns = [], []
    for rows in torch.arange(len(unit), device=device).split(block):
        similarity = unit[rows] @ unit.T
        similarity[torch.arange(len(rows), device=device), rows] = -torch.inf
        top = similarity.topk(k, dim=1)
        values.append(top.values.cpu())
        columns.append(top.indices.cpu())
    return torch.cat(values), torch.cat(columns)

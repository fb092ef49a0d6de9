"""Principal components of item features, of unit variance: where ids start from features."""

from __future__ import annotations

import torch
from torch import Tensor


def whiten(features: Tensor, fit: Tensor, dim: int) -> Tensor:
    """First ``min(d, D, rank)`` principal components of ``features`` [I, D], of unit variance on the rows ``fit`` [I].

    Signs are fixed (largest loading positive), so that the same features give the same table everywhere.
    """
    wide = features.double()
    seen = wide[fit]
    centre = seen.mean(0)
    covariance = torch.cov((seen - centre).T, correction=0)
    values, vectors = torch.linalg.eigh(covariance)
    order = torch.argsort(values, descending=True)[: min(dim, features.shape[1])]
    order = order[values[order] > 1e-10 * values.max()]
    axes = vectors[:, order]
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    axes = axes * largest.sign() / values[order].sqrt()
    white: Tensor = (wide - centre) @ axes
    return white.to(features.dtype)

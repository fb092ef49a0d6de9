"""Ridge regression of each item's features on all others', by a matrix of the features' width only."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def centred_unit(features: Tensor) -> Tensor:
    """Rows less the mean of all rows that are not 0, of length 1; rows of zeros stay.  [I, D] -> [I, D] float32"""
    rows = features.detach().float().cpu()
    there = (rows != 0).any(1, keepdim=True)
    centre = rows.sum(0) / there.sum().clamp_min(1)
    return F.normalize((rows - centre) * there, dim=1)


def ridge_root(rows: Tensor, l2: float) -> Tensor:
    """A root ``W`` of ``(T'T + l2 I)^-1 = W W'``.  [n, D] -> [D, D] float64

    Columns are ordered by variance, each with its largest entry above 0: the same rows give the same root everywhere.
    Directions without variance are left out where ``l2`` is 0.
    """
    wide = rows.double()
    variances, axes = torch.linalg.eigh(wide.T @ wide)
    variances, axes = variances.flip(0).clamp_min(0), axes.flip(1)
    axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    alive = variances + l2 > 1e-10 * variances[0].clamp_min(1e-300)
    root: Tensor = axes[:, alive] / (variances[alive] + l2).sqrt()
    return root


def ridge_weights(features: Tensor, l2: float) -> tuple[Tensor, Tensor]:
    """What an item gives [I, d] and receives [d, I]: their products are the weights ``C`` off the diagonal.

    ``C = -P / diag(P)`` by columns with ``P = (T T' + l2 I)^-1``: EASE whose users are the columns of ``T``, the
    features, centred and of unit length. By Woodbury's identity ``C_ij = t_i' M t_j / (1 - t_j' M t_j)`` with
    ``M = (T'T + l2 I)^-1``, a matrix of D x D. The prior of L3AE (Moon et al., CIKM 2025, arXiv:2508.13500).
    """
    unit = centred_unit(features).double()
    given = unit @ ridge_root(unit, l2)
    leverage = given.square().sum(1, keepdim=True)
    return given.float(), (given / (1 - leverage).clamp_min(1e-12)).T.float().contiguous()

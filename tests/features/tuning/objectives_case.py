"""What tests of objectives share."""

import math
from collections.abc import Callable

import torch

from ltgnn.features.tuning.encoder import TunedEncoder

Make = Callable[..., TunedEncoder]

EPOCHS = 30


def naive_both_ways(similarity: torch.Tensor, apart: torch.Tensor) -> float:
    """-log(exp(s_ii) / sum over j = i and the unmarked j of exp(s_ij)), along rows and along columns, averaged."""
    total, size = 0.0, len(similarity)
    for table, mask in ((similarity, apart), (similarity.T, apart.T)):
        for i in range(size):
            kept = [j for j in range(size) if j == i or not mask[i, j]]
            total -= math.log(math.exp(table[i, i]) / sum(math.exp(table[i, j]) for j in kept)) / size
    return total / 2

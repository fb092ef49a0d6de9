"""What tests of contrast share."""

from __future__ import annotations

import math

import torch

from tests.losses.case import cosine


def naive_nce(first: torch.Tensor, second: torch.Tensor, nodes: list[int], everyone: bool, t: float) -> list[float]:
    others = range(len(second)) if everyone else nodes
    return [
        -math.log(
            math.exp(cosine(first[n], second[n]) / t) / sum(math.exp(cosine(first[n], second[m]) / t) for m in others)
        )
        for n in nodes
    ]

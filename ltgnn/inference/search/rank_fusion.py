"""Several rankings of the same items made one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ltgnn.scoring.score_normalisation import reciprocal_ranks, z_scores


class Fusing(Protocol):
    def __call__(self, scores: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        """Scores [I] by each retriever, -inf where it does not find the item -> fused [I], -inf where none does."""
        ...


@dataclass(frozen=True)
class ReciprocalRank:
    """``sum_r w_r / (constant + rank_r(i))`` over the retrievers that find i (Cormack et al., SIGIR 2009: 60)."""

    constant: float = 60.0
    depth: int = 1000  # places of each ranking that count

    def __call__(self, scores: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        total = torch.zeros_like(next(iter(scores.values())))
        found = torch.zeros_like(total, dtype=torch.bool)
        for name, values in scores.items():
            best = leading(values, self.depth)
            above = torch.arange(len(best), dtype=total.dtype)
            total[best] += reciprocal_ranks(above, self.constant, weights.get(name, 1.0))
            found[best] = True
        return total.masked_fill(~found, -torch.inf)


@dataclass(frozen=True)
class ZScore:
    """``sum_r w_r z_r(i)``, z over the ``depth`` best of each ranking; an item outside of it has the z of its last."""

    depth: int = 100

    def __call__(self, scores: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
        total = torch.zeros_like(next(iter(scores.values())))
        found = torch.zeros_like(total, dtype=torch.bool)
        for name, values in scores.items():
            best = leading(values, self.depth)
            if not len(best):
                continue
            z = z_scores(values[best].double()[None], least=1e-12)[0]
            placed = torch.full_like(total, float(z.min()))
            placed[best] = z.to(total.dtype)
            total += weights.get(name, 1.0) * placed
            found[best] = True
        return total.masked_fill(~found, -torch.inf)


def leading(scores: Tensor, depth: int) -> Tensor:
    """Positions of the ``depth`` best scores above -inf, best first, ties by smaller position.  [I] -> [<= depth]"""
    found = torch.nonzero(scores > -torch.inf)[:, 0]
    if len(found) > depth:
        least = scores[found].topk(depth).values[-1]
        found = found[scores[found] >= least]
    return found[torch.sort(scores[found], descending=True, stable=True).indices][:depth]

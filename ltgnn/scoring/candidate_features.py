"""What a re-ranker sees of each candidate: where the members put it, how popular it is, how near to the history."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.evaluation.exact_topk import best_items
from ltgnn.scoring.score_normalisation import ReciprocalRank, z_scores
from ltgnn.tensors.csr import csr_rows
from ltgnn.tensors.ridge import centred_unit
from ltgnn.types import Interactions, Scorer

EXTRAS = ("popularity", "similarity", "history")


class CandidateFeatures:
    """Of the ``depth`` best items of each member: its z-score and reciprocal rank by each, and the ``extras``.

    ``popularity``: log(1 + train interactions) of the item; ``history``: of the user; ``similarity``: cosine of the
    item's features, centred, and the mean of the history's, which is left out without ``features`` [I, D].
    """

    def __init__(
        self, members: Sequence[Scorer], train: Interactions, depth: int, extras: Sequence[str], features: Tensor | None
    ) -> None:
        self.members, self.train, self.depth = members, train, depth
        self.unit = None if features is None or "similarity" not in extras else centred_unit(features)
        self.extras = [name for name in EXTRAS if name in extras and (name != "similarity" or self.unit is not None)]
        self.item_logs, self.user_logs = (torch.log1p(c.float()) for c in (train.item_counts, train.user_counts))

    @property
    def increasing(self) -> list[int]:
        """1 for each feature of which more never makes a score smaller: those of the members; 0 for others."""
        return [1] * 2 * len(self.members) + [0] * len(self.extras)

    def __call__(self, users: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Items [B, P], ascending and filled up with -1; features [B, P, F]; mean z-score of all items [B, I].

        An item that no member knows, or of the user's train part, is at -inf in the last.
        """
        users = users.cpu()
        rows, seen = csr_rows(self.train.by_user, users)
        values: list[Tensor] = []
        pools: list[Tensor] = []
        known: list[Tensor] = []
        for member in self.members:
            scores = member.scores(users).float().cpu().clone()
            scores[rows, seen] = -torch.inf
            best = best_items(scores, self.depth)[0]
            chosen = torch.zeros(len(users), scores.shape[1] + 1, dtype=torch.bool)
            chosen.scatter_(1, best.masked_fill(best < 0, scores.shape[1]), True)
            pools.append(chosen[:, :-1])
            known.append(torch.isfinite(scores))
            values += [z_scores(scores), ReciprocalRank(60)(scores)]
        base = torch.stack(values[::2]).mean(0).masked_fill(~torch.stack(known).any(0), -torch.inf)
        items = as_rows(torch.stack(pools).any(0))
        places = items.clamp_min(0)
        found = [value.gather(1, places) for value in values] + [
            self._extra(name, users, places) for name in self.extras
        ]
        return items, torch.stack(found, dim=2), base

    def _extra(self, name: str, users: Tensor, items: Tensor) -> Tensor:
        """[B], [B, P] -> [B, P]"""
        if name == "popularity":
            return self.item_logs[items]
        if name == "history":
            return self.user_logs[users, None].expand(items.shape)
        assert self.unit is not None
        rows, seen = csr_rows(self.train.by_user, users)
        profiles = torch.zeros(len(users), self.unit.shape[1]).index_add_(0, rows, self.unit[seen])
        return torch.einsum("bpd,bd->bp", self.unit[items], F.normalize(profiles, dim=1))


def as_rows(mask: Tensor) -> Tensor:
    """The items of each row, ascending and filled up with -1.  [B, I] bool -> [B, P] int64"""
    rows, items = mask.nonzero(as_tuple=True)
    counts = mask.sum(1)
    place = torch.arange(len(rows)) - (counts.cumsum(0) - counts).repeat_interleave(counts)
    found = torch.full((len(mask), max(1, int(counts.max()) if len(counts) else 0)), -1)
    found[rows, place] = items
    return found

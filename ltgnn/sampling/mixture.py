"""Negatives from several samplers side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from ltgnn.sampling.negatives import Negatives
from ltgnn.types import Batch, Encoded, Interactions, UserError


class Mixture(Negatives):
    """Each part's negatives for every pair, such as one popular and four uniform; how many is the part's own number.

    Mixed negative sampling (Yang et al., WWW 2020 companion) is this, or ``sampler=uniform`` with a loss that takes
    in-batch negatives too.
    """

    def __init__(self, train: Interactions, parts: Mapping[str, Callable[[Interactions], Negatives] | None]) -> None:
        super().__init__()
        made = {name: part(train) for name, part in parts.items() if part is not None}
        if not made:
            raise UserError("sampler=mixture has no parts: give sampler.negatives.parts.NAME, see conf/sampler.")
        self.modules_of_parts = nn.ModuleList(made.values())  # so that they move with this module
        self.reads_states = any(part.reads_states for part in made.values())
        self.parts, self.widths = list(made.values()), [0] * len(made)

    def forward(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        """[B], [B] -> [B, sum of the parts' numbers]"""
        drawn = [part(users, pos, generator) for part in self.parts]
        self.widths = [negatives.shape[1] for negatives in drawn]
        tables = [part.proposal for part in self.parts]
        known = [table for table in tables if table is not None]
        if len(known) == len(tables):
            weighted = [number * table for number, table in zip(self.widths, known, strict=True)]
            self.chances = torch.stack(weighted).sum(0) / sum(self.widths)
        return torch.cat(drawn, 1)

    def narrow(self, batch: Batch, main: Encoded) -> Batch:
        split = batch.neg.split(self.widths, 1)
        parts = [
            part.narrow(batch._replace(neg=negatives), main).neg
            for part, negatives in zip(self.parts, split, strict=True)
        ]
        return batch._replace(neg=torch.cat(parts, 1))

"""Softmax loss on cosine similarity over in-batch and sampled negatives, with an optional logQ correction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor

from ltgnn.losses.cosines import check_temperature, log_sum_negatives
from ltgnn.losses.ranking import RankingLoss
from ltgnn.types import Batch, Encoded, Groups, Interactions, UserError


class SampledSoftmax(RankingLoss):
    """``-log( e^(s+/t) / (e^(s+/t) + sum over negatives e^(s-/t)) )`` with ``s`` the cosine, mean over the batch.

    Negatives are the other positives of the batch (``in_batch``) and the sampler's. With ``mask_own`` an in-batch item
    that is the row's own positive is not a negative. Source: Wu et al., "On the effectiveness of sampled softmax loss
    for item recommendation" (TOIS 2024, arXiv:2201.02327), eq. 5.

    ``logq`` 0..1 is the strength of the logQ correction (Yi et al., RecSys 2019): every logit, the positive's too,
    loses ``logq * log n_i``, where ``n_i`` is the expected number of item ``i`` among the negatives of a row:
    ``(B - 1) count_i / E`` in the batch, plus ``S q_i`` from the sampler. In-batch negatives are popular ones, so that
    without it popular items are pushed down: strength trades tail for head.
    """

    local = True
    negatives_from = "batch"
    separable_without = "in_batch"

    frequency: Tensor

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        temperature: Annotated[float, Ge(1e-6)],
        in_batch: bool,
        mask_own: bool,
        logq: Annotated[float, Ge(0), Le(1)],
    ) -> None:
        super().__init__()
        if not 0 <= logq <= 1:
            raise UserError(f"loss.ranking.logq={logq} given, a strength from 0 (none) to 1 (full correction) wanted.")
        self.temperature = check_temperature(temperature)
        self.in_batch, self.mask_own, self.logq = in_batch, mask_own, logq
        self.row_separable = self.column_separable = not in_batch
        self.register_buffer("frequency", train.item_counts.double() / max(len(train), 1), persistent=False)

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        shift = (self.logq * self._log_expected(batch)).to(main.users.dtype) if self.logq > 0 else None
        pos, negatives = log_sum_negatives(
            main, batch, self.temperature, self.in_batch, self.mask_own, "softmax", shift
        )
        return torch.logaddexp(pos, negatives) - pos

    def _log_expected(self, batch: Batch) -> Tensor:
        """Log of the expected number of times that each item of the batch is a negative of a row.  [m]"""
        size, sampled = batch.neg.shape
        frequency = batch.of_items(self.frequency)
        expected = torch.zeros_like(frequency)
        if self.in_batch:
            expected = expected + (size - 1) * frequency
        if sampled:
            if batch.proposal is None:
                raise UserError(
                    f"loss.ranking.logq={self.logq} needs to know how often an item is drawn, which this sampler "
                    "cannot say. Set loss.ranking.logq=0, or sampler=uniform, popularity or in_batch."
                )
            expected = expected + sampled * batch.proposal
        return expected.clamp_min(1e-12).log()

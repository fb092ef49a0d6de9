"""Softmax on what a closed form leaves: its scores are added to the model's, in training and in ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor, nn

from ltgnn.losses.cosines import cosines
from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.types import Batch, ClosedForm, Encoded, Groups, Interactions, Scorer, as_scorer, need_closed_form


class ResidualSoftmax(SampledSoftmax):
    """Softmax loss of the logits ``cos(u, i) / t + a B(u, i) - logq log n_i``, ``B`` the scores of a closed form.

    The closed form ``base`` is fitted on the train part and held; ``a``, starting at ``weight``, is learned. The model
    ranks by ``cos(u, i) + t a B(u, i)``: the sum is trained as one, and the states learn what B leaves: boosting, with
    the first model's scores as offsets (Friedman, Annals of Statistics 2001). Negatives are the other positives of the
    batch and the sampler's, ``logq`` is their correction, both as in ``SampledSoftmax``.

    ``folds`` > 1: the users are cut into so many parts, and in training the scores of a part come from a fit without
    it, so that B is not better on the train pairs than it is on others.
    """

    takes_features = True
    trains_cosines = True

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        base: Mapping[str, ClosedForm],
        temperature: Annotated[float, Ge(1e-6)],
        weight: Annotated[float, Gt(0)],
        folds: Annotated[int, Ge(1)],
        mask_own: bool,
        logq: Annotated[float, Ge(0), Le(1)],
        features: Tensor | None = None,
    ) -> None:
        super().__init__(train, groups, temperature, True, mask_own, logq)
        self.base = need_closed_form(base.get("closed_form"), "loss.ranking.base.closed_form")
        self.folds = folds
        self._train, self._features = train, features if self.base.reads_features else None
        self.log_weight = nn.Parameter(torch.tensor(float(weight)).log())

    @property
    def reads_features(self) -> bool:
        """Whether the closed form does."""
        return self.base.reads_features

    @cached_property
    def of_all_users(self) -> Scorer:
        """The closed form of all users: what ranks."""
        return as_scorer(self.base.fit(self._train, self._features))

    def prepare(self) -> None:
        _ = self.of_all_users
        for scorer in self.held_out:
            scorer.scores_of(torch.zeros(1, dtype=torch.int64), torch.zeros(1, dtype=torch.int64))

    def fitted_scores(self) -> Scorer:
        return self.of_all_users

    def take_fitted_scores(self, scorer: Scorer) -> None:
        self.of_all_users = scorer

    @cached_property
    def held_out(self) -> Sequence[Scorer]:
        """For each part of the users the closed form that was fitted without it."""
        if self.folds == 1:
            return [self.of_all_users.unmasked()]
        found = []
        for fold in range(self.folds):
            others = self._train.select(self._train.users % self.folds != fold)
            found.append(as_scorer(self.base.fit(others, self._features)).unmasked().with_histories(self._train))
        return found

    def offsets(self, users: Tensor, items: Tensor) -> Tensor:
        """``B(u, i)`` of each user and each item, by the fit without the user.  [B], [n] -> [B, n] float32"""
        found = torch.empty(len(users), len(items))
        folds = (users % len(self.held_out)).cpu()
        for fold, scorer in enumerate(self.held_out):
            rows = torch.nonzero(folds == fold)[:, 0]
            if len(rows):
                found[rows] = scorer.scores_of(users.cpu()[rows], items.cpu()).float()
        return found.to(users.device)

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        pos, neg = (cosine / self.temperature for cosine in cosines(main, batch, True, self.mask_own, "residual"))
        weight = self.log_weight.exp()
        users = batch.user_numbers(batch.users)
        among = self.offsets(users, batch.item_numbers(batch.pos))  # [B, B]
        pos = pos + weight * among.diagonal()
        drawn, place = torch.unique(batch.neg, return_inverse=True)
        sampled = self.offsets(users, batch.item_numbers(drawn)).gather(1, place)  # [B, S]
        neg = neg + weight * torch.cat([among, sampled], 1)
        if self.logq > 0:
            shift = (self.logq * self._log_expected(batch)).to(pos.dtype)
            pos = pos - shift[batch.pos]
            neg = neg - torch.cat([shift[batch.pos].expand(len(pos), -1), shift[batch.neg]], 1)
        return torch.logsumexp(torch.cat([pos[:, None], neg], 1), 1) - pos

    def added_scores(self) -> Sequence[tuple[float, Scorer]]:
        return [(self.temperature * float(self.log_weight.detach().exp()), self.of_all_users)]

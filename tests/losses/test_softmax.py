"""Sampled and in-batch softmax by hand; logQ against a naive loop."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.types import Batch, UserError
from tests.losses.by_hand import encoded, softmax, two_users
from tests.losses.case import TRAIN, cosine, example, gradients_agree
from tests.losses.softmax_case import negatives_of


def test_softmax_sampled_by_hand() -> None:
    batch, main = two_users()
    # cosines: user 0: pos 1, neg 0; user 1: pos 1, neg 1/sqrt 2
    t = 0.5
    rows = [-math.log(math.exp(1 / t) / (math.exp(1 / t) + math.exp(neg / t))) for neg in (0.0, 2**-0.5)]
    loss = softmax(t, in_batch=False, mask_own=True)
    assert loss(batch, main, []).item() == pytest.approx(sum(rows) / 2, abs=1e-12)


def test_softmax_in_batch_naive() -> None:
    generator = torch.Generator().manual_seed(0)
    users = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    items = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    batch = Batch(torch.arange(6), torch.tensor([0, 1, 2, 0, 3, 1]), torch.tensor([[3], [2], [1], [0], [1], [2]]))
    t, total = 0.2, 0.0
    for row in range(6):
        cosine = [torch.cosine_similarity(users[row], items[i], dim=0).item() / t for i in range(4)]
        own = batch.pos[row].item()
        negatives = [i for i in batch.pos.tolist() if i != own] + batch.neg[row].tolist()
        total += -cosine[own] + math.log(math.exp(cosine[own]) + sum(math.exp(cosine[i]) for i in negatives))
    loss = softmax(t, in_batch=True, mask_own=True)
    assert loss(batch, encoded(users, items), []).item() == pytest.approx(total / 6, abs=1e-10)
    unmasked = softmax(t, in_batch=True, mask_own=False)
    assert unmasked(batch, encoded(users, items), []).item() > total / 6


@pytest.mark.parametrize("logq", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("in_batch", [True, False])
def test_logq_naive(logq: float, in_batch: bool) -> None:
    batch, main = example()
    chance = torch.tensor([0.3, 0.3, 0.1, 0.1, 0.1, 0.1], dtype=torch.float64)
    batch = batch._replace(proposal=chance)
    counts = TRAIN.item_counts.tolist()
    expected = [(6 * counts[i] / 9 if in_batch else 0) + 3 * chance[i].item() for i in range(6)]
    losses = []
    for row, (user, pos) in enumerate(zip(batch.users.tolist(), batch.pos.tolist(), strict=True)):
        logit = {i: cosine(main.users[user], main.items[i]) / 0.2 - logq * math.log(expected[i]) for i in range(6)}
        others = negatives_of(row, batch, in_batch, True)
        losses.append(math.log(math.exp(logit[pos]) + sum(math.exp(logit[i]) for i in others)) - logit[pos])
    loss = SampledSoftmax(TRAIN, {}, 0.2, in_batch, True, logq)
    assert loss(batch, main, []).item() == pytest.approx(sum(losses) / 7, rel=1e-12)
    assert gradients_agree(loss, batch, main)


def test_logq_needs_to_know_the_sampler() -> None:
    batch, main = example()
    with pytest.raises(UserError, match="logq=0, or sampler=uniform"):
        SampledSoftmax(TRAIN, {}, 0.2, False, True, 0.5)(batch, main, [])

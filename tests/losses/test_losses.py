"""Losses against numbers worked out by hand, naive loops, and gradcheck."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.ranking import BPR
from ltgnn.losses.regularisers import L2
from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.types import Batch, Encoded, UserError
from tests.conftest import interactions

NONE = torch.empty(2, 0, dtype=torch.int64)


TRAIN = interactions([(0, 0), (0, 1), (1, 1), (1, 2), (2, 1), (2, 3)], 6, 4)


def softmax(temperature: float, in_batch: bool, mask_own: bool, logq: float = 0.0) -> SampledSoftmax:
    return SampledSoftmax(TRAIN, {}, temperature, in_batch, mask_own, logq)


def encoded(users: torch.Tensor, items: torch.Tensor) -> Encoded:
    return Encoded(users, items, (torch.cat([users, items]),))


def example() -> tuple[Batch, Encoded]:
    users = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    items = torch.tensor([[3.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    return Batch(torch.tensor([0, 1]), torch.tensor([0, 1]), torch.tensor([[1], [2]])), encoded(users, items)


def test_bpr_by_hand() -> None:
    batch, main = example()
    # scores: user 0: pos 3, neg 0; user 1: pos 2, neg 2
    expected = (math.log(1 + math.exp(-3)) + math.log(2)) / 2
    assert BPR()(batch, main, []).item() == pytest.approx(expected, abs=1e-12)


def test_bpr_averages_over_negatives() -> None:
    batch, main = example()
    wide = batch._replace(neg=torch.tensor([[1, 2], [2, 0]]))
    margins = [3 - 0, 3 - 1, 2 - 2, 2 - 0]
    assert BPR()(wide, main, []).item() == pytest.approx(sum(math.log1p(math.exp(-m)) for m in margins) / 4, abs=1e-12)


def test_softmax_sampled_by_hand() -> None:
    batch, main = example()
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


def test_l2_by_hand() -> None:
    batch, main = example()
    # users 1 + 4, positives 9 + 1, negatives 1 + 2; half of the sum over the batch of 2
    assert L2(0.1, [0], negatives=True)(batch, main, []).item() == pytest.approx(0.1 * 0.5 * 18 / 2)
    assert L2(0.1, [0], negatives=False)(batch, main, []).item() == pytest.approx(0.1 * 0.5 * 15 / 2)


@pytest.mark.parametrize("loss", [BPR(), softmax(0.3, True, True), softmax(0.3, False, False), L2(0.5, [0], True)])
def test_gradcheck(loss: object) -> None:
    batch, main = example()

    def value(users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        return loss(batch, encoded(users, items), [])  # type: ignore[operator, no-any-return]

    assert torch.autograd.gradcheck(value, (main.users.requires_grad_(), main.items.requires_grad_()))


def test_losses_without_negatives_say_what_to_set() -> None:
    batch, main = example()
    empty = batch._replace(neg=NONE)
    with pytest.raises(UserError, match="sampler=uniform"):
        BPR()(empty, main, [])
    with pytest.raises(UserError, match="in_batch=true"):
        softmax(0.2, False, True)(empty, main, [])
    with pytest.raises(UserError, match="temperature=0"):
        softmax(0, True, True)
    with pytest.raises(UserError, match="logq=2"):
        softmax(0.2, True, True, logq=2)

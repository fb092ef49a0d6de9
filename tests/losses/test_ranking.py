"""BPR, BCE and CCL by hand, against naive loops and by gradcheck."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from ltgnn.losses.ranking import BCE, BPR, CCL, RankingLoss
from ltgnn.losses.regularisers import L2
from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.losses.weighting import GroupWeights, Weighted
from ltgnn.types import UserError
from tests.losses.by_hand import encoded, softmax, two_users
from tests.losses.case import TRAIN, cosine, example, gradients_agree
from tests.losses.popularity_case import GROUPS

NONE = torch.empty(2, 0, dtype=torch.int64)


def test_bpr_by_hand() -> None:
    batch, main = two_users()
    # scores: user 0: pos 3, neg 0; user 1: pos 2, neg 2
    expected = (math.log(1 + math.exp(-3)) + math.log(2)) / 2
    assert BPR()(batch, main, []).item() == pytest.approx(expected, abs=1e-12)


def test_bpr_averages_over_negatives() -> None:
    batch, main = two_users()
    wide = batch._replace(neg=torch.tensor([[1, 2], [2, 0]]))
    margins = [3 - 0, 3 - 1, 2 - 2, 2 - 0]
    assert BPR()(wide, main, []).item() == pytest.approx(sum(math.log1p(math.exp(-m)) for m in margins) / 4, abs=1e-12)


@pytest.mark.parametrize("loss", [BPR(), softmax(0.3, True, True), softmax(0.3, False, False), L2(0.5, [0], True)])
def test_gradcheck(loss: object) -> None:
    batch, main = two_users()

    def value(users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        return loss(batch, encoded(users, items), [])  # type: ignore[operator, no-any-return]

    assert torch.autograd.gradcheck(value, (main.users.requires_grad_(), main.items.requires_grad_()))


def test_losses_without_negatives_say_what_to_set() -> None:
    batch, main = two_users()
    empty = batch._replace(neg=NONE)
    with pytest.raises(UserError, match="sampler=uniform"):
        BPR()(empty, main, [])
    with pytest.raises(UserError, match="in_batch=true"):
        softmax(0.2, False, True)(empty, main, [])
    with pytest.raises(UserError, match="temperature=0"):
        softmax(0, True, True)
    with pytest.raises(UserError, match="logq=2"):
        softmax(0.2, True, True, logq=2)


def test_any_ranking_loss_can_be_weighted() -> None:
    batch, main = example()
    softmax = partial(SampledSoftmax, temperature=0.2, in_batch=True, mask_own=True, logq=0.0)
    for term in (softmax, CCL(0.1, 1.0)):
        flat = Weighted(TRAIN, GROUPS, term, GroupWeights("items20", {}), normalise=True)
        plain = term(TRAIN, GROUPS) if isinstance(term, partial) else term
        torch.testing.assert_close(flat(batch, main, []), plain(batch, main, []))
    with pytest.raises(UserError, match="groups are items20"):
        Weighted(TRAIN, GROUPS, BPR(), GroupWeights("mass", {"tail": 2.0}), True)
    with pytest.raises(UserError, match="names tale"):
        Weighted(TRAIN, GROUPS, BPR(), GroupWeights("items20", {"tale": 2.0}), True)


def test_ccl_and_bce_naive() -> None:
    batch, main = example()
    ccl, bce = [], []
    for row, (user, pos) in enumerate(zip(batch.users.tolist(), batch.pos.tolist(), strict=True)):
        others = batch.neg[row].tolist()
        hinge = [max(0.0, cosine(main.users[user], main.items[i]) - 0.1) for i in others]
        ccl.append(1 - cosine(main.users[user], main.items[pos]) + 5.0 * sum(hinge) / 3)
        dot = [float(main.users[user] @ main.items[i]) for i in [pos, *others]]
        logs = [math.log1p(math.exp(-dot[0])), *(math.log1p(math.exp(d)) for d in dot[1:])]
        bce.append(logs[0] + 3.0 * sum(logs[1:]) / 3)
    assert CCL(0.1, 5.0)(batch, main, []).item() == pytest.approx(sum(ccl) / 7, rel=1e-12)
    assert BCE(3.0)(batch, main, []).item() == pytest.approx(sum(bce) / 7, rel=1e-12)
    assert gradients_agree(CCL(0.1, 5.0), batch, main)
    assert gradients_agree(BCE(3.0), batch, main)


@pytest.mark.parametrize("loss", [CCL(0.4, 1.0), BCE(1.0)])
def test_without_negatives(loss: RankingLoss) -> None:
    batch, main = example()
    with pytest.raises(UserError, match="sampler=uniform"):
        loss(batch._replace(neg=torch.empty(7, 0, dtype=torch.int64)), main, [])

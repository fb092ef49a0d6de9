"""Popularity debiasing: weights, PDA, MACR, DICE and BC loss by naive loops and by hand, and gradcheck."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from ltgnn.losses.bias_aware import BCLoss
from ltgnn.losses.dice import DICE
from ltgnn.losses.macr import MACR
from ltgnn.losses.pda import PDA
from ltgnn.losses.ranking import BPR, CCL
from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.losses.weighting import GroupWeights, InversePropensity, Weighted
from ltgnn.types import Batch, Encoded, Groups, UserError
from tests.losses.case import TRAIN, cosine, example, gradients_agree

GROUPS = {"items20": Groups("items20", ("head", "tail", "cold"), torch.tensor([0, 0, 1, 1, 1, 2]).to(torch.int8), "")}
COUNTS = [2, 4, 1, 1, 1, 0]


def soft(x: float) -> float:
    return math.log1p(math.exp(x))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def pairs(batch: Batch) -> list[tuple[int, int, list[int]]]:
    return list(zip(batch.users.tolist(), batch.pos.tolist(), batch.neg.tolist(), strict=True))


def dot(main: Encoded, user: int, item: int) -> float:
    return float(main.users[user] @ main.items[item])


def test_inverse_propensity_by_hand() -> None:
    weights = InversePropensity(power=0.5, clip=1.9)(TRAIN, {})
    assert weights.tolist() == pytest.approx([2**0.5, 1, 1.9, 1.9, 1.9, 1.9])
    with pytest.raises(UserError, match=r"clip=0\.5"):
        InversePropensity(0.5, 0.5)


@pytest.mark.parametrize("normalise", [True, False])
def test_weighted_naive(normalise: bool) -> None:
    batch, main = example()
    loss = Weighted(TRAIN, GROUPS, BPR(), GroupWeights("items20", {"tail": 3.0}), normalise)
    table = [1, 1, 3, 3, 3, 1]
    mean = sum(table[i] for i in TRAIN.items.tolist()) / 9 if normalise else 1
    wanted = [
        table[i] / mean * sum(soft(dot(main, u, j) - dot(main, u, i)) for j in others) / 3
        for u, i, others in pairs(batch)
    ]
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-6)
    assert gradients_agree(loss.double(), batch, main)


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


def test_pda_naive() -> None:
    batch, main = example()

    def matched(user: int, item: int) -> float:
        score = dot(main, user, item)
        return (score + 1 if score > 0 else math.exp(score)) * (COUNTS[item] / 4) ** 0.3

    wanted = [sum(soft(matched(u, j) - matched(u, i)) for j in others) / 3 for u, i, others in pairs(batch)]
    loss = PDA(TRAIN, GROUPS, gamma=0.3, inject=0.5).double()
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-6)
    assert gradients_agree(loss, batch, main)
    ranked = loss.at_ranking(main, lambda users: main.users[users] @ main.items.T)(torch.tensor([3]))[0]
    for item in range(6):
        score = dot(main, 3, item)
        value = (score + 1 if score > 0 else math.exp(score)) * (COUNTS[item] / 4) ** 0.5
        assert ranked[item].item() == pytest.approx(value, rel=1e-6)
    plain = PDA(TRAIN, GROUPS, 0.3, 0.0)
    assert plain.at_ranking(main, torch.sin) is torch.sin


def test_macr_naive() -> None:
    batch, main = example()
    loss = MACR(dim=4, item_weight=0.2, user_weight=0.3, c=1.5).double()
    item, user = ((head.weight[0].detach() @ side.T).tolist() for head, side in zip(
        (loss.item, loss.user), (main.items, main.users), strict=True
    ))  # fmt: skip
    wanted = []
    for u, i, others in pairs(batch):
        whole = soft(-dot(main, u, i) * sigmoid(item[i]) * sigmoid(user[u]))
        whole += sum(soft(dot(main, u, j) * sigmoid(item[j]) * sigmoid(user[u])) for j in others) / 3
        alone = soft(-item[i]) + sum(soft(item[j]) for j in others) / 3
        wanted.append(whole + 0.2 * alone + 0.3 * (soft(-user[u]) + soft(user[u])))
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-10)
    assert gradients_agree(loss, batch, main)
    ranked = loss.at_ranking(main, lambda users: main.users[users] @ main.items.T)(torch.tensor([3]))[0]
    values = [(dot(main, 3, i) - 1.5) * sigmoid(item[i]) * sigmoid(user[3]) for i in range(6)]
    assert ranked.tolist() == pytest.approx(values, rel=1e-10)
    with pytest.raises(UserError, match="loss=macr is made for states of width 5"):
        MACR(5, 0.1, 0.1, 1.0).double()(batch, main, [])


def test_dice_naive() -> None:
    batch, main = example()
    wanted = []
    for u, i, others in pairs(batch):
        total = 0.0
        for j in others:
            by_dimension = [float(main.users[u, k] * (main.items[i, k] - main.items[j, k])) for k in range(4)]
            interest, conformity = sum(by_dimension[:2]), sum(by_dimension[2:])
            total += soft(-interest - conformity)
            if COUNTS[j] > COUNTS[i]:  # taken against the crowd: interest; the crowd prefers j
                total += 0.3 * (soft(-interest) + soft(conformity))
            elif COUNTS[j] < COUNTS[i]:
                total += 0.3 * soft(-conformity)
        halves = [cosine(v[:2], v[2:]) ** 2 for v in (main.users[u], main.items[i])]
        wanted.append(total / 3 + 0.2 * sum(halves))
    loss = DICE(TRAIN, GROUPS, cause_weight=0.3, apart_weight=0.2, rank_by="interest")
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-10)
    assert gradients_agree(loss, batch, main)
    ranked = loss.at_ranking(main, torch.sin)(torch.tensor([3]))[0]
    assert ranked.tolist() == pytest.approx([float(main.users[3, :2] @ main.items[i, :2]) for i in range(6)])
    assert DICE(TRAIN, GROUPS, 0.3, 0.2, "both").at_ranking(main, torch.sin) is torch.sin
    with pytest.raises(UserError, match="rank_by=all"):
        DICE(TRAIN, GROUPS, 0.3, 0.2, "all")


@pytest.mark.parametrize("in_batch", [True, False])
def test_bc_naive(in_batch: bool) -> None:
    batch, main = example()
    loss = BCLoss(TRAIN, GROUPS, 0.2, 0.5, dim=3, in_batch=in_batch, mask_own=True).double()
    activity = TRAIN.user_counts.tolist()  # 2 2 2 1 1 1
    user_bias = [loss.user_bias.weight[sorted(set(activity)).index(c)].detach() for c in activity]
    item_bias = [loss.item_bias.weight[sorted(set(COUNTS)).index(c)].detach() for c in COUNTS]
    wanted = []
    for row, (u, i, others) in enumerate(pairs(batch)):
        if in_batch:
            others = [j for r, j in enumerate(batch.pos.tolist()) if r != row and j != i] + others
        angle, bias = math.acos(cosine(main.users[u], main.items[i])), math.acos(cosine(user_bias[u], item_bias[i]))
        own = math.exp(math.cos(angle + min(bias, math.pi - angle)) / 0.2)
        rest = sum(math.exp(cosine(main.users[u], main.items[j]) / 0.2) for j in others)
        own_bias = math.exp(math.cos(bias) / 0.5)
        rest_bias = sum(math.exp(cosine(user_bias[u], item_bias[j]) / 0.5) for j in others)
        wanted.append(-math.log(own / (own + rest)) - math.log(own_bias / (own_bias + rest_bias)))
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-8)
    loss(batch, main, []).backward()
    assert loss.user_bias.weight.grad is not None
    assert loss.user_bias.weight.grad.abs().sum() > 0

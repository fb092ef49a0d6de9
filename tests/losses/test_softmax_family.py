"""SL, BSL, PSL, CCL, BCE and logQ against naive loops over the formulas, and gradcheck."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.bilateral import BilateralSoftmax
from ltgnn.losses.pairwise import PairwiseSoftmax
from ltgnn.losses.ranking import BCE, CCL, RankingLoss
from ltgnn.losses.rows import rows, scores
from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.types import Batch, Encoded, UserError
from tests.losses.case import TRAIN, cosine, example, gradients_agree


def negatives_of(row: int, batch: Batch, in_batch: bool, mask_own: bool) -> list[int]:
    """Items that row ``row`` is contrasted with, in words of the definition."""
    pos = batch.pos.tolist()
    others = [item for place, item in enumerate(pos) if place != row and not (mask_own and item == pos[row])]
    return (others if in_batch else []) + batch.neg[row].tolist()


def naive_bilateral(batch: Batch, main: Encoded, t: float, power: float, same_user: bool, in_batch: bool) -> float:
    users, pos, losses = batch.users.tolist(), batch.pos.tolist(), []
    for row, user in enumerate(users):
        alike = [r for r in range(len(users)) if users[r] == user] if same_user else [row]
        own = sum(math.exp(cosine(main.users[user], main.items[pos[r]]) / t) for r in alike) / len(alike)
        others = [
            math.exp(cosine(main.users[user], main.items[i]) / t) for i in negatives_of(row, batch, in_batch, False)
        ]
        losses.append(-math.log(own / (sum(others) / len(others)) ** power))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize("positives", ["one", "user"])
@pytest.mark.parametrize(("temperature", "power"), [(0.15, 1.0), (0.3, 1.12)])
def test_sl_and_bsl_naive(temperature: float, power: float, positives: str, in_batch: bool) -> None:
    batch, main = example()
    loss = BilateralSoftmax(temperature, power, positives, in_batch, mask_own=False, user_dropout=0.0)
    wanted = naive_bilateral(batch, main, temperature, power, positives == "user", in_batch)
    assert loss(batch, main, []).item() == pytest.approx(wanted, rel=1e-12)
    assert gradients_agree(loss, batch, main)


def test_sl_by_hand() -> None:
    users = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    items = torch.tensor([[2.0, 0.0], [0.0, 5.0], [-1.0, 0.0]], dtype=torch.float64)
    batch = Batch(torch.tensor([0]), torch.tensor([0]), torch.tensor([[1, 2]]))
    main = Encoded(users, items, (torch.cat([users, items]),))
    # cosines 1, 0, -1 at temperature .5: -log(e^2 / mean(e^0, e^-2))
    wanted = -math.log(math.exp(2) / ((1 + math.exp(-2)) / 2))
    loss = BilateralSoftmax(0.5, 1.0, "one", in_batch=False, mask_own=False, user_dropout=0.0)
    assert loss(batch, main, []).item() == pytest.approx(wanted, abs=1e-12)


def test_small_temperatures_do_not_overflow() -> None:
    batch, main = example()
    single = Encoded(main.users.float(), main.items.float(), ())
    for loss in (BilateralSoftmax(0.005, 1.0, "user", True, False, 0.0), PairwiseSoftmax(0.005, "tanh", True, True)):
        assert torch.isfinite(loss(batch, single, []))


def test_a_row_without_negatives_does_no_harm() -> None:
    """The last batch of an epoch may have one row, or rows of one item only."""
    batch, main = example(negatives=0)
    alone = Batch(*(part[:1] for part in batch[:3]))
    same = batch._replace(pos=torch.zeros(7, dtype=torch.int64))
    for loss in (BilateralSoftmax(0.2, 1.0, "one", True, True, 0.0), PairwiseSoftmax(0.2, "tanh", True, True)):
        for rows_of in (alone, same):
            users, items = (part.detach().clone().requires_grad_() for part in (main.users, main.items))
            value = loss(rows_of, Encoded(users, items, ()), [])
            value.backward()
            assert torch.isfinite(value)
            assert torch.isfinite(users.grad).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("mask_own", [True, False])
def test_sl_counts_its_negatives(mask_own: bool) -> None:
    batch, main = example()
    wanted = []
    for row, (user, pos) in enumerate(zip(batch.users.tolist(), batch.pos.tolist(), strict=True)):
        others = [
            math.exp(cosine(main.users[user], main.items[i]) / 0.3) for i in negatives_of(row, batch, True, mask_own)
        ]
        wanted.append(math.log(sum(others) / len(others)) - cosine(main.users[user], main.items[pos]) / 0.3)
    loss = BilateralSoftmax(0.3, 1.0, "one", True, mask_own, 0.0)
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "atan", "relu", "exp"])
@pytest.mark.parametrize("mask_own", [True, False])
def test_psl_naive(activation: str, mask_own: bool) -> None:
    batch, main = example()
    function = {
        "tanh": lambda d: math.tanh(d) + 1,
        "atan": lambda d: math.atan(d) + 1,
        "relu": lambda d: max(0.0, d + 1),
        "exp": math.exp,
    }[activation]
    losses = []
    for row, (user, pos) in enumerate(zip(batch.users.tolist(), batch.pos.tolist(), strict=True)):
        own = cosine(main.users[user], main.items[pos])
        others = [cosine(main.users[user], main.items[i]) for i in negatives_of(row, batch, True, mask_own)]
        losses.append(math.log(sum(function((c - own) / 2) ** (1 / 0.2) for c in others) / len(others)))
    loss = PairwiseSoftmax(0.2, activation, in_batch=True, mask_own=mask_own)
    assert loss(batch, main, []).item() == pytest.approx(sum(losses) / len(losses), rel=1e-12)
    assert gradients_agree(loss, batch, main)


def test_psl_with_exp_is_sl_at_twice_the_temperature() -> None:
    batch, main = example()
    psl = PairwiseSoftmax(0.1, "exp", True, False)(batch, main, [])
    sl = BilateralSoftmax(0.2, 1.0, "one", True, False, 0.0)(batch, main, [])
    torch.testing.assert_close(psl, sl)


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


def test_shared_and_dense_negatives_score_like_gathered_ones() -> None:
    """The three roads of ``scores`` give the same numbers and gradients."""
    batch, main = example(negatives=4)
    wide = Encoded(main.users, torch.cat([main.items, torch.randn(60, 4, dtype=torch.float64)]), ())
    shared = batch._replace(neg=batch.neg[:1].expand(7, -1))
    for narrow, encoded in ((batch, main), (batch, wide), (shared, main), (shared, wide)):
        for unit in (False, True):
            users, items = (part.detach().clone().requires_grad_() for part in (encoded.users, encoded.items))
            found = scores(Encoded(users, items, ()), narrow, unit)[1]
            u, _, n = rows(Encoded(users, items, ()), narrow)
            if unit:
                u, n = u / u.norm(dim=-1, keepdim=True), n / n.norm(dim=-1, keepdim=True)
            wanted = torch.einsum("bd,bsd->bs", u, n)
            torch.testing.assert_close(found, wanted)
            gradient = [torch.autograd.grad(s.pow(2).sum(), (users, items)) for s in (found, wanted)]
            torch.testing.assert_close(gradient[0], gradient[1])


@pytest.mark.parametrize("loss", [CCL(0.4, 1.0), BCE(1.0)])
def test_without_negatives(loss: RankingLoss) -> None:
    batch, main = example()
    with pytest.raises(UserError, match="sampler=uniform"):
        loss(batch._replace(neg=torch.empty(7, 0, dtype=torch.int64)), main, [])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: BilateralSoftmax(0.1, 1.0, "all", True, False, 0.0), "positives=all"),
        (lambda: BilateralSoftmax(0.0, 1.0, "one", True, False, 0.0), "temperature=0"),
        (lambda: PairwiseSoftmax(0.1, "sinh", True, False), "activation=sinh"),
        (lambda: CCL(2.0, 1.0), "margin=2"),
    ],
)
def test_bad_settings(build: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build()  # type: ignore[operator]

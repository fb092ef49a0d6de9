"""PSL against a naive loop, and at the limits of its settings."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.bilateral import BilateralSoftmax
from ltgnn.losses.pairwise import PairwiseSoftmax
from ltgnn.losses.ranking import CCL
from ltgnn.types import Batch, Encoded, UserError
from tests.losses.case import cosine, example, gradients_agree
from tests.losses.softmax_case import negatives_of


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

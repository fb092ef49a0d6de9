"""The residual loss against a naive loop; what ranks, and how users are held out of the closed form."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ltgnn.losses.residual import ResidualSoftmax
from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.models.closed_form.als import ALS
from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.models.closed_form.neighbours import ItemKNN
from ltgnn.testing import toy
from ltgnn.testing.loss import LossCase
from ltgnn.types import Batch, ClosedForm, Encoded, Interactions, Loss, Scorer, UserError
from tests.losses.case import TRAIN, cosine, example


def residual(
    base: ClosedForm | None = None, folds: int = 1, train: Interactions = TRAIN, **options: float
) -> ResidualSoftmax:
    given = {"temperature": 0.5, "weight": 2.0, "logq": 0.0} | options
    model = {"closed_form": EASE(0.7, 100) if base is None else base}
    return ResidualSoftmax(train, {}, model, folds=folds, mask_own=True, **given)  # type: ignore[arg-type]


def scores_without(user: int, folds: int) -> Tensor:
    """EASE of the users of other parts, from the dense inverse, for the items of the user.  [6] float64"""
    kept = TRAIN if folds == 1 else TRAIN.select(TRAIN.users % folds != user % folds)
    matrix = torch.zeros(6, 6, dtype=torch.float64)
    matrix[kept.users, kept.items] = 1
    inverse = torch.linalg.inv(matrix.T @ matrix + 0.7 * torch.eye(6))
    weights = (-inverse / inverse.diagonal()).fill_diagonal_(0)
    return weights[TRAIN.items[TRAIN.users == user]].sum(0)


def naive(batch: Batch, main: Encoded, folds: int, logq: float) -> float:
    """At temperature .5 and weight 2, row by row."""
    counts = torch.bincount(TRAIN.items, minlength=6).double() / len(TRAIN)
    expected = ((len(batch.pos) - 1) * counts + batch.neg.shape[1] / 6).clamp_min(1e-12)
    total = 0.0
    for row, (user, pos) in enumerate(zip(batch.users.tolist(), batch.pos.tolist(), strict=True)):
        angles = torch.tensor([cosine(main.users[user], item) for item in main.items], dtype=torch.float64)
        logits = angles / 0.5 + 2.0 * scores_without(user, folds) - logq * expected.log()
        others = [item for item in batch.pos.tolist() if item != pos] + batch.neg[row].tolist()
        total += math.log(sum(math.exp(logits[item]) for item in [pos, *others])) - float(logits[pos])
    return total / len(batch.pos)


@pytest.mark.parametrize("negatives", [0, 3])
@pytest.mark.parametrize(("folds", "logq"), [(1, 0.0), (1, 1.0), (3, 0.5)])
def test_naive(negatives: int, folds: int, logq: float) -> None:
    batch, main = example(negatives)
    batch = batch._replace(proposal=torch.full((6,), 1 / 6, dtype=torch.float64))
    found = residual(folds=folds, logq=logq)(batch, main, []).detach()
    assert float(found) == pytest.approx(naive(batch, main, folds, logq), rel=1e-5)
    rows = torch.arange(len(batch.users))  # as a sequence model counts its users: one for each row
    anew, own = batch._replace(users=rows, user_nodes=batch.users), main._replace(users=main.users[batch.users])
    assert float(residual(folds=folds, logq=logq)(anew, own, []).detach()) == pytest.approx(float(found), rel=1e-6)


def test_without_weight_it_is_the_softmax_loss() -> None:
    batch, main = example()
    plain = SampledSoftmax(TRAIN, {}, 0.5, in_batch=True, mask_own=True, logq=0.0)
    assert float(residual(weight=1e-12)(batch, main, []).detach()) == pytest.approx(float(plain(batch, main, [])))


def test_a_user_is_not_in_the_fit_of_its_own_part() -> None:
    """What another user of the part has changes the offsets of the other parts alone."""
    users = torch.arange(6)
    before = residual(folds=3).offsets(users, users)
    moved = TRAIN.select(~((TRAIN.users == 3) & (TRAIN.items == 1)))  # users 0 and 3 are one part
    after = residual(folds=3, train=moved).offsets(users, users)
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


def test_ranking_adds_the_closed_form_at_the_learned_weight() -> None:
    loss = residual()
    with torch.no_grad():
        loss.log_weight.fill_(math.log(3.0))
    ((factor, scorer),) = loss.added_scores()
    assert factor == pytest.approx(0.5 * 3.0)
    assert torch.equal(scorer.scores(torch.arange(6)), EASE(0.7, 100).fit(TRAIN, None).scores(torch.arange(6)))
    assert loss.trains_cosines


def test_weight_is_learned() -> None:
    batch, main = example()
    loss = residual()
    loss(batch, main, []).backward()
    assert loss.log_weight.grad is not None
    assert float(loss.log_weight.grad) != 0


@pytest.mark.parametrize(("folds", "fits"), [(1, 1), (3, 4)])
def test_all_fits_are_before_the_first_step(folds: int, fits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the parts and that of all users, once each: memory is freest then."""
    calls: list[int] = []
    fit = EASE.fit

    def counted(self: EASE, train: Interactions, features: Tensor | None) -> Scorer:
        calls.append(len(train))
        return fit(self, train, features)

    monkeypatch.setattr(EASE, "fit", counted)
    loss = residual(folds=folds)
    assert not calls
    loss.prepare()
    assert len(calls) == fits
    batch, main = example(2)
    loss(batch, main, [])
    loss.added_scores()
    assert len(calls) == fits


def test_features_go_to_a_closed_form_that_reads_them() -> None:
    batch, features = toy.batch(), toy.features()
    model = {"closed_form": ContentEASE(1.0, 100, 2.0)}
    loss = ResidualSoftmax(toy.interactions(), {}, model, 0.5, 1.0, 1, True, 0.0, features=features)
    wanted = ContentEASE(1.0, 100, 2.0).fit(toy.interactions(), features).unmasked().scores_of(batch.users, batch.pos)
    torch.testing.assert_close(loss.offsets(batch.users, batch.pos), wanted)
    assert loss.reads_features
    assert not residual().reads_features


def test_what_cannot_be_a_base() -> None:
    with pytest.raises(UserError, match=r"loss\.ranking\.base\.closed_form.*not a closed form"):
        ResidualSoftmax(TRAIN, {}, {}, 0.5, 1.0, 1, True, 0.0)
    batch, main = example()
    with pytest.raises(UserError, match=r"not sums over a user's history.*folds=1"):
        residual(ALS(2, 0.1, 1.0, 2, 0), folds=2)(batch, main, [])


class TestResidualSoftmax(LossCase):
    def make(self) -> Loss:
        base = {"closed_form": ItemKNN(4, 1.0)}
        return ResidualSoftmax(toy.interactions(), {}, base, 0.5, 2.0, 2, True, 0.5).double()


class TestWithoutSampledNegatives(TestResidualSoftmax):
    negatives = 0

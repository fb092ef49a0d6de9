"""BM3 against a naive loop over the pairs of a batch, with its gradients, and by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.losses.bootstrap import Bootstrap
from ltgnn.tensors.feature_kinds import FeatureKinds
from ltgnn.testing import toy
from ltgnn.testing.loss import LossCase
from ltgnn.types import Batch, Block, Encoded, Loss, UserError
from tests.losses.case import TRAIN, example, states

FEATURES = states(6, 7, seed=5)
KNOWN = torch.tensor([True, False, True, True, False, True])
BLOCKS = {"text": Block(slice(0, 3), torch.ones(6, dtype=torch.bool)), "images": Block(slice(3, 7), KNOWN)}


def make(weights: dict[str, float] | None = None, dropout: float = 0.0) -> Bootstrap:
    torch.manual_seed(0)
    kinds = FeatureKinds(weights or {}).with_blocks(BLOCKS)
    return Bootstrap(TRAIN, {}, 4, 0.7, dropout, kinds, FEATURES).double()


def apart(loss: Bootstrap, state: Tensor, target: Tensor) -> Tensor:
    """1 - cosine of the prediction and a target that is held."""
    made, held = loss.predictor.weight @ state + loss.predictor.bias, target.detach()
    return 1 - (made @ held) / (made.norm() * held.norm())


def naive(loss: Bootstrap, batch: Batch, main: Encoded, factors: tuple[float, float]) -> Tensor:
    """Without dropout, pair by pair."""
    total, text, images = [], [], []
    for u, i in zip(batch.users.tolist(), batch.pos.tolist(), strict=True):
        user, item = main.users[u], main.items[i]
        total.append(apart(loss, user, item) + apart(loss, item, user))
        for found, columns, number, known in ((text, slice(0, 3), 0, True), (images, slice(3, 7), 1, bool(KNOWN[i]))):
            project = loss.projectors[number]
            content = project.weight @ FEATURES[i, columns] + project.bias
            if known:
                found.append(apart(loss, content, item) + apart(loss, content, content))
    kinds = [factor * torch.stack(found).mean() for factor, found in zip(factors, (text, images), strict=True)]
    return torch.stack(total).mean() + 0.7 * (kinds[0] + kinds[1])


@pytest.mark.parametrize(("weights", "factors"), [(None, (1.0, 1.0)), ({"text": 2.0, "images": 0.5}, (2.0, 0.5))])
def test_naive(weights: dict[str, float] | None, factors: tuple[float, float]) -> None:
    loss, (batch, main) = make(weights), example(0)
    main = main._replace(users=main.users.requires_grad_(), items=main.items.requires_grad_())
    found, wanted = loss(batch, main, []), naive(loss, batch, main, factors)
    torch.testing.assert_close(found, wanted)
    given = [main.users, main.items, *loss.parameters()]
    for one, other in zip(torch.autograd.grad(found, given), torch.autograd.grad(wanted, given), strict=True):
        torch.testing.assert_close(one, other)


def test_by_hand() -> None:
    """The predictor keeps states as they are: users (1, 0), items (0, 2), texts along the item, images against it."""
    features = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
    blocks = {name: Block(slice(n, n + 1), torch.tensor([True])) for n, name in enumerate(("text", "images"))}
    loss = Bootstrap(TRAIN, {}, 2, 0.5, 0.0, FeatureKinds({}).with_blocks(blocks), features).double()
    with torch.no_grad():
        loss.predictor.weight.copy_(torch.eye(2))
        loss.predictor.bias.zero_()
        for project in loss.projectors:
            project.weight.copy_(torch.tensor([[0.0], [3.0]]))
            project.bias.zero_()
    main = Encoded(torch.tensor([[1.0, 0.0]]).double(), torch.tensor([[0.0, 2.0]]).double(), ())
    batch = Batch(torch.tensor([0]), torch.tensor([0]), torch.empty(1, 0, dtype=torch.int64))
    # graph: 1 + 1; text: 0 with the item, 0 with itself; images: 2 with the item, 0 with themselves
    assert loss(batch, main, []).item() == pytest.approx(2 + 0.5 * (0 + 0 + 2 + 0), abs=1e-12)


def test_targets_are_masked_in_training_alone() -> None:
    loss, (batch, main) = make(dropout=0.5), example(0)
    without = make()(batch, main, []).item()
    assert loss.eval()(batch, main, []).item() == without
    values = {loss.train()(batch, main, []).item() for _ in range(5)}
    assert len(values) == 5
    masked = loss.mask(torch.ones(1000, 4))
    assert set(masked.unique().tolist()) == {0.0, 2.0}
    assert 0.45 < float((masked == 0).float().mean()) < 0.55


def test_ranks_by_what_the_predictor_makes_of_both() -> None:
    loss, (_, main) = make(), example()
    ranked = loss.at_ranking(main, lambda users: main.users[users])(torch.tensor([3, 0]))
    for row, user in enumerate((3, 0)):
        for item in range(6):
            left, right = (
                loss.predictor.weight @ x + loss.predictor.bias for x in (main.users[user], main.items[item])
            )
            assert float(ranked[row, item].detach()) == pytest.approx(float((left @ right).detach()))


def test_what_is_refused() -> None:
    with pytest.raises(UserError, match=r"loss=bm3 needs item features"):
        Bootstrap(TRAIN, {}, 4, 1.0, 0.3, FeatureKinds({}))
    batch, main = example(0, width=5)
    with pytest.raises(UserError, match=r"loss=bm3 is made for states of width 4"):
        make()(batch, main, [])


class TestBootstrapCase(LossCase):
    negatives = 0

    def make(self) -> Loss:
        torch.manual_seed(0)
        return Bootstrap(toy.interactions(), {}, 4, 0.7, 0.0, FeatureKinds({}), toy.features()).double()

    def test_gradients_are_those_of_the_value(self) -> None:
        """Of the value with targets held: ``test_naive``. The targets get none."""
        loss, main = self.make(), self.encoded()
        users = main.users.clone().requires_grad_()
        assert not loss.mask(users).requires_grad  # type: ignore[attr-defined]

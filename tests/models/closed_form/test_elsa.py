"""ELSA: scores from its vectors, the same numbers for a seed, what it reaches, its memory, its refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from ltgnn.models.closed_form import shallow_autoencoder
from ltgnn.models.closed_form.elsa import ELSA
from ltgnn.scoring.forms import decompose
from ltgnn.scoring.zero_diagonal import ZeroDiagonalWeights
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import ClosedForm, Interactions, UserError
from tests.models.closed_form_case import EVERYONE, NUM_ITEMS, TEXT, TOY_TRAIN, close, scores_of, toy_matrix


def elsa(**changes: Any) -> ELSA:
    given = {"dim": 6, "epochs": 5, "lr": 0.05, "batch_size": 8, "content_weight": 0.0, "seed": 1}
    return ELSA(**(given | changes))


def vectors_of(model: ELSA, features: Tensor | None = None) -> Tensor:
    """``A`` [I, d] float64"""
    found = decompose(model.fit(TOY_TRAIN, features))
    assert found is not None
    assert isinstance(found[0], ZeroDiagonalWeights)
    return found[0].weights.given.double()


def test_scores_are_those_of_the_dense_matrix() -> None:
    vectors = vectors_of(elsa())
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(NUM_ITEMS, dtype=torch.float64), rtol=1e-5, atol=1e-5)
    close(scores_of(elsa(), None), toy_matrix() @ (vectors @ vectors.T - torch.eye(NUM_ITEMS)))


def mean_loss(weights: Tensor, rows: Tensor) -> Tensor:
    """``|s / |s| - x / |x||^2``, the mean over the rows."""
    return (F.normalize(rows @ weights, dim=1) - F.normalize(rows, dim=1)).square().sum(1).mean()


def test_enough_steps_reach_the_best_weights_of_that_form() -> None:
    """With ``dim`` = items, ``A A'`` may be any correlation matrix: symmetric, positive semidefinite, diagonal 1.

    The best of these on the dense matrix, by torch on the Cholesky factor, has the loss that ELSA ends at. All weights
    with diagonal 0, which need be neither symmetric nor bounded, have a smaller one.
    """
    rows = toy_matrix()[toy_matrix().sum(1) > 1]
    eye = torch.eye(NUM_ITEMS, dtype=torch.float64)
    lower = (eye + 0.1 * torch.ones_like(eye)).tril().requires_grad_()
    free = torch.rand(NUM_ITEMS, NUM_ITEMS, generator=torch.Generator().manual_seed(0)).double().requires_grad_()

    def best(weights_of: Any, start: Tensor) -> float:
        adam = torch.optim.Adam([start], lr=0.02)
        for _ in range(600):
            adam.zero_grad()
            loss = mean_loss(weights_of(start), rows)
            loss.backward()
            adam.step()
        return loss.item()

    def correlation(factor: Tensor) -> Tensor:
        unit = F.normalize(factor.tril(), dim=1)
        return unit @ unit.T - eye

    wanted = best(correlation, lower)
    vectors = vectors_of(elsa(dim=NUM_ITEMS, epochs=600, lr=0.02, batch_size=100))
    found = mean_loss(vectors @ vectors.T - eye, rows).item()
    assert found == pytest.approx(wanted, abs=2e-3)
    assert best(lambda w: w * (1 - eye), free) < found - 0.01


def test_more_epochs_and_more_dimensions_lower_the_loss() -> None:
    rows, eye = toy_matrix()[toy_matrix().sum(1) > 1], torch.eye(NUM_ITEMS)

    def loss(**changes: Any) -> float:
        vectors = vectors_of(elsa(**changes))
        return float(mean_loss(vectors @ vectors.T - eye, rows))

    assert loss(epochs=60) < loss(epochs=10) < loss(epochs=1)
    assert loss(epochs=60, dim=8) < loss(epochs=60, dim=2)


def test_numbers_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shallow_autoencoder, "ITEMS", 4)
    monkeypatch.setattr(shallow_autoencoder, "ROWS", 3)
    model = elsa(content_weight=2.0)
    wanted, threads = vectors_of(model, TEXT), torch.get_num_threads()
    try:
        for number in (1, 2, 3):
            torch.set_num_threads(number)
            assert torch.equal(vectors_of(model, TEXT), wanted)
    finally:
        torch.set_num_threads(threads)
    assert not torch.equal(vectors_of(elsa(content_weight=2.0, seed=2), TEXT), wanted)


def test_features_are_further_users() -> None:
    """By the loss of their rows: it is smaller where they weigh more."""
    centred = TEXT.double() - TEXT.double().mean(0)
    columns = F.normalize(centred, dim=1).T

    def loss(weight: float) -> float:
        vectors = vectors_of(elsa(epochs=60, content_weight=weight), TEXT)
        return float(mean_loss(vectors @ vectors.T - torch.eye(NUM_ITEMS), columns))

    assert loss(30.0) < loss(1.0) < loss(1e-6)


def test_cold_items_are_candidates_by_their_features() -> None:
    known = elsa().fit(TOY_TRAIN, TEXT).candidates
    assert known is not None
    assert known.tolist() == [True] * (NUM_ITEMS - 1) + [False]
    with_text = elsa(content_weight=1.0).fit(TOY_TRAIN, TEXT)
    assert with_text.candidates is None
    assert (with_text.scores(EVERYONE)[:, -1] != 0).all()


class LargestTensor(TorchDispatchMode):
    """How many numbers the largest tensor has that was made."""

    size = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, tuple | list) else (made,):
            self.size = max(self.size, one.numel() if isinstance(one, Tensor) else 0)
        return made


def in_this_thread(work: Callable[[int], None], starts: Iterable[int]) -> None:
    for start in starts:
        work(start)


def test_no_matrix_of_items_by_items_or_users_by_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """100,000 items: 40 GB. The largest tensors are those of the items' vectors."""
    monkeypatch.setattr(shallow_autoencoder, "in_threads", in_this_thread)  # where the mode sees them
    users, items = 1000, 100_000
    given = torch.randint(items, (5 * users,), generator=torch.Generator().manual_seed(0))
    keys = torch.unique(torch.arange(users).repeat_interleave(5) * items + given)
    train = Interactions(keys // items, keys % items, users, items)
    with LargestTensor() as largest:
        scorer = elsa(dim=8, epochs=1, batch_size=1000).fit(train, None)
    assert largest.size == 8 * items
    assert scorer.unmasked().scores_of(torch.tensor([0, 9]), torch.tensor([3, 99_999])).isfinite().all()


def test_bad_values_are_refused() -> None:
    with pytest.raises(UserError, match=r"content_weight=2 needs item features, but features=none was given"):
        elsa(content_weight=2.0).fit(TOY_TRAIN, None)
    with pytest.raises(UserError, match=r"not finite in epoch 1\. Lower model\.closed_form\.lr, now 1e\+37"):
        elsa(lr=1e37).fit(TOY_TRAIN, None)
    lonely = Interactions(torch.tensor([0, 1]), torch.tensor([0, 1]), 2, 3)
    with pytest.raises(UserError, match="none of the 2 users has two train items"):
        elsa().fit(lonely, None)


class TestELSACase(ClosedFormCase):
    def make(self) -> ClosedForm:
        return elsa()


class TestELSAWithFeaturesCase(ClosedFormCase):
    def make(self) -> ClosedForm:
        return elsa(content_weight=2.0)

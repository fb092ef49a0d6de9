"""Local EASE: a ridge regression of each item on a few candidates, sparse and linear in the catalogue."""

from __future__ import annotations

import pytest
import torch

from ltgnn.models.closed_form.candidates import Candidates
from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.models.closed_form.local_ease import LocalEASE
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import ClosedForm, Interactions, UserError
from tests.models.local_ease_case import FEATURES, ITEMS, close, dense, local, naive_weights, scores_of


@pytest.mark.parametrize("most", [1, 5, 40])
def test_ids_alone(most: int) -> None:
    close(scores_of(local(most)), dense() @ naive_weights(most, 0, 0.0, torch.full((ITEMS,), 3.0).double()))


def test_all_items_as_candidates_are_ease() -> None:
    everything = Candidates(ITEMS, ITEMS, 0.0, 0.5, ITEMS)
    options = {"denoise": 0.0, "user_norm": 0.0, "item_norm": 0.0, "longest_history": 1000, "least_cosine": 0.0}
    model = LocalEASE(everything, l2=3.0, content_weight=2.0, **options)  # type: ignore[arg-type]
    close(scores_of(model, FEATURES), scores_of(ContentEASE(3.0, 100, 2.0), FEATURES), atol=1e-5)
    model = LocalEASE(everything, l2=3.0, content_weight=0.0, **options)  # type: ignore[arg-type]
    close(scores_of(model, FEATURES), scores_of(EASE(3.0, 100)), atol=1e-5)


def test_norms_and_denoising() -> None:
    counts = dense().sum(0)
    rows = dense() * dense().sum(1, keepdim=True).clamp_min(1) ** -0.15
    penalty = 3.0 + 0.4 / 0.6 * (rows.T @ rows).diagonal()
    weights = naive_weights(5, 0, 0.0, penalty, user_norm=0.3)
    scale = counts.clamp_min(1) ** 0.2
    found = scores_of(local(5, denoise=0.4, user_norm=0.3, item_norm=0.2))
    close(found, dense() @ (scale[:, None] * weights / scale))


def test_numbers_do_not_depend_on_the_number_of_threads() -> None:
    wanted = scores_of(local(6, 3, content_weight=1.0), FEATURES)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert torch.equal(scores_of(local(6, 3, content_weight=1.0), FEATURES), wanted)
    finally:
        torch.set_num_threads(threads)


def test_not_positive_definite() -> None:
    twins = Interactions(torch.tensor([0, 0, 0]), torch.tensor([0, 1, 2]), 1, 3)
    with pytest.raises(UserError, match=r"of item \d .* raise model\.closed_form\.l2"):
        local(5, l2=0.0).fit(twins, None)


def test_no_matrix_of_items_by_items() -> None:
    """A catalogue whose dense matrix would take 40 GB is fitted."""
    many = 100_000
    generator = torch.Generator().manual_seed(0)
    items = torch.randint(many, (3000,), generator=generator)
    keys = torch.unique(torch.arange(3000) // 10 * many + items)
    train = Interactions(keys // many, keys % many, 300, many)
    scores = local(20).fit(train, None).scores(torch.arange(2))
    assert scores.shape == (2, many)


class TestLocalEASE(ClosedFormCase):
    def make(self) -> ClosedForm:
        return local(4, 3, content_weight=1.0)


class TestLocalEASEByIds(ClosedFormCase):
    def make(self) -> ClosedForm:
        return local(4)

"""Local EASE against dense ridge regressions in float64, item by item, on candidates chosen by a naive loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.closed_form import local_ridge
from ltgnn.models.closed_form.candidates import Candidates
from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.models.closed_form.local_ease import LocalEASE
from ltgnn.models.closed_form.local_ridge import batch_starts
from ltgnn.models.closed_form.pair_counts import PairCounts, pair_blocks, shorten_histories
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import ClosedForm, Interactions, UserError
from tests.conftest import random_interactions

USERS, ITEMS = 40, 23
TRAIN = random_interactions(USERS, ITEMS - 1, 0.25, seed=5)
TRAIN = Interactions(TRAIN.users, TRAIN.items, USERS, ITEMS)  # the last item is cold
FEATURES = torch.randn(ITEMS, 6, generator=torch.Generator().manual_seed(2))
EVERYONE = torch.arange(USERS)


def local(most: int = 5, neighbours: int = 0, **options: Any) -> LocalEASE:
    given: dict[str, Any] = {
        "l2": 3.0, "content_weight": 0.0, "denoise": 0.0, "user_norm": 0.0, "item_norm": 0.0, "longest_history": 1000,
    }  # fmt: skip
    return LocalEASE(Candidates(2, most, 1.5, 0.5, neighbours), **(given | options))


def dense() -> Tensor:
    matrix = torch.zeros(USERS, ITEMS, dtype=torch.float64)
    matrix[TRAIN.users, TRAIN.items] = 1
    return matrix


def unit() -> Tensor:
    return F.normalize(FEATURES.double() - FEATURES.double().mean(0), dim=1)


def naive_candidates(gram: Tensor, item: int, most: int, neighbours: int) -> list[int]:
    counts = dense().sum(0)
    width = int(min(max(1.5 * float(counts[item]) ** 0.5, 2), most))
    others = [c for c in range(ITEMS) if c != item and gram[item, c] > 0]
    others.sort(key=lambda c: (-float(gram[item, c] / counts[c].clamp_min(1).sqrt()), c))
    cosines = unit() @ unit()[item]
    near = sorted((c for c in range(ITEMS) if c != item), key=lambda c: -float(cosines[c]))[:neighbours]
    return sorted({*others[:width], *near})


def naive_weights(most: int, neighbours: int, content_weight: float, penalty: Tensor, user_norm: float = 0.0) -> Tensor:
    rows = dense() * dense().sum(1, keepdim=True).clamp_min(1) ** (-user_norm / 2)
    shared = rows.T @ rows
    target = shared + content_weight * unit() @ unit().T
    weights = torch.zeros(ITEMS, ITEMS, dtype=torch.float64)
    for item in range(ITEMS):
        chosen = naive_candidates(shared, item, most, neighbours)
        left = target[chosen][:, chosen] + penalty[chosen].diag()
        weights[chosen, item] = torch.linalg.solve(left, target[chosen, item])
    return weights


def scores_of(model: ClosedForm, features: Tensor | None = None) -> Tensor:
    return model.fit(TRAIN, features).unmasked().scores(EVERYONE).double()


def close(found: Tensor, wanted: Tensor, atol: float = 1e-6) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=atol)


@pytest.mark.parametrize("most", [1, 5, 40])
def test_ids_alone(most: int) -> None:
    close(scores_of(local(most)), dense() @ naive_weights(most, 0, 0.0, torch.full((ITEMS,), 3.0).double()))


@pytest.mark.parametrize("neighbours", [0, 3, 40])
def test_features_among_the_candidates_and_in_the_gram_matrix(neighbours: int) -> None:
    wanted = dense() @ naive_weights(4, neighbours, 2.5, torch.full((ITEMS,), 3.0).double())
    model = local(4, neighbours, content_weight=2.5)
    close(scores_of(model, FEATURES), wanted)
    candidates = model.fit(TRAIN, FEATURES).candidates
    assert (candidates is None or bool(candidates[-1])) == (neighbours > 0)  # the cold item is reached by features only


def test_all_items_as_candidates_are_ease() -> None:
    everything = Candidates(ITEMS, ITEMS, 0.0, 0.5, ITEMS)
    options = {"denoise": 0.0, "user_norm": 0.0, "item_norm": 0.0, "longest_history": 1000}
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


def test_candidates_by_count() -> None:
    """``popularity_power=0``: the frequent item, where .5 prefers the specific one."""
    block = csr_matrix(np.array([[0, 9.0, 5.0]], dtype=np.float32))
    counts = np.array([9, 100, 9])
    assert Candidates(1, 1, 0.0, 0.0, 0).co_occurring(0, block, counts)[0].tolist() == [1]
    assert Candidates(1, 1, 0.0, 0.5, 0).co_occurring(0, block, counts)[0].tolist() == [2]


def test_widths_grow_with_the_root_of_the_count() -> None:
    assert Candidates(5, 40, 4.0, 0.5, 0).widths(np.array([0, 1, 4, 25, 10_000])).tolist() == [5, 5, 8, 20, 40]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 400), st.integers(0, 1000))
def test_blocks_of_pairs_are_the_gram_matrix(entries: int, seed: int) -> None:
    """Whatever the size of a block."""
    train = random_interactions(11, 9, 0.4, seed=seed)
    rows = torch.zeros(11, 9)
    rows[train.users, train.items] = 1
    blocks = list(pair_blocks(shorten_histories(train, 100), 0.0, entries))
    assert np.array_equal(np.concatenate([block.toarray() for _, block in blocks]), (rows.T @ rows).numpy())
    assert [start for start, _ in blocks] == np.cumsum([0, *(block.shape[0] for _, block in blocks)])[:-1].tolist()


def test_long_histories_are_sampled() -> None:
    shortened = shorten_histories(TRAIN, 4)
    lengths = np.minimum(dense().sum(1).long().numpy(), 4)
    assert np.diff(shortened.indptr).tolist() == lengths.tolist()
    assert (dense().numpy()[shortened.nonzero()] == 1).all()
    assert (shortened != shorten_histories(TRAIN, 4)).nnz == 0


def test_numbers_do_not_depend_on_the_number_of_threads() -> None:
    wanted = scores_of(local(6, 3, content_weight=1.0), FEATURES)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert torch.equal(scores_of(local(6, 3, content_weight=1.0), FEATURES), wanted)
    finally:
        torch.set_num_threads(threads)


@settings(deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=200).map(sorted))
def test_batches_hold_all_columns_in_bounded_memory(widths: list[int]) -> None:
    starts = batch_starts(np.array(widths))
    assert starts[0] == 0
    for start, end in zip(starts, [*starts[1:], len(widths)], strict=True):
        assert start < end
        assert end - start == 1 or (end - start) * widths[end - 1] ** 2 <= local_ridge.ENTRIES


def test_pairs_in_any_order() -> None:
    matrix = dense().T @ dense()
    pairs = PairCounts(csr_matrix(matrix.triu().float().numpy()))
    one, other = np.array([[3, 0], [7, 22]]), np.array([[1, 0], [9, 2]])
    assert pairs.of(one, other).tolist() == matrix[one, other].tolist()


def test_not_positive_definite() -> None:
    twins = Interactions(torch.tensor([0, 0, 0]), torch.tensor([0, 1, 2]), 1, 3)
    with pytest.raises(UserError, match=r"raise model\.closed_form\.l2"):
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

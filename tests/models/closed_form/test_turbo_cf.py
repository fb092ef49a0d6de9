"""Turbo-CF and MM-GF against dense matrices, entry by entry; the scaling against scikit-learn."""

from __future__ import annotations

import pytest
import torch
from sklearn.preprocessing import RobustScaler
from torch import Tensor

from ltgnn.models.closed_form.turbo_cf import MultimodalFilter, TurboCF, scale_robustly
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import Block, ClosedForm, UserError
from tests.models.closed_form_case import NUM_ITEMS, TEXT, TOY_TRAIN, close, scores_of, toy_matrix

IMAGES = torch.rand(NUM_ITEMS, 4, generator=torch.Generator().manual_seed(9))
KNOWN = torch.ones(NUM_ITEMS, dtype=torch.bool)
KNOWN[[2, 5, 16]] = False
BOTH = torch.cat([TEXT, IMAGES], 1)
BLOCKS = {"text": Block(slice(0, 5), torch.ones(NUM_ITEMS, dtype=torch.bool)), "images": Block(slice(5, 9), KNOWN)}


def raised(base: float, exponent: float) -> float:
    return base**exponent if base > 0 else 0.0


def of_interactions(alpha: float, exponent: float) -> Tensor:
    """``P_ij = (sum over users u of R_ui R_uj)^s`` with ``R_ui = m_u^-alpha X_ui n_i^(alpha - 1)``."""
    matrix = toy_matrix()
    scaled = torch.zeros_like(matrix)
    for u, i in matrix.nonzero().tolist():
        scaled[u, i] = raised(float(matrix[u].sum()), -alpha) * raised(float(matrix[:, i].sum()), alpha - 1)
    return torch.tensor(
        [[raised(float(scaled[:, i] @ scaled[:, j]), exponent) for j in range(NUM_ITEMS)] for i in range(NUM_ITEMS)],
        dtype=torch.float64,
    )


def of_kind(values: Tensor, known: Tensor, alpha: float, exponent: float) -> Tensor:
    """The same of a kind: the items that have it in the place of users."""
    there = known.nonzero()[:, 0].tolist()
    table = torch.from_numpy(RobustScaler().fit_transform(values[known].double().numpy()))
    table = table - table.min()
    rows, columns = table.sum(1).tolist(), table.sum(0).tolist()
    total = torch.zeros(NUM_ITEMS, NUM_ITEMS, dtype=torch.float64)
    for a, i in enumerate(there):
        for b, j in enumerate(there):
            product = sum(
                float(table[a, c] * table[b, c]) * raised(columns[c], alpha - 1) ** 2 for c in range(len(columns))
            )
            total[i, j] = raised(product * raised(rows[a], -alpha) * raised(rows[b], -alpha), exponent)
    return total


@pytest.mark.parametrize(("alpha", "exponent"), [(0.6, 0.7), (0.5, 1.0), (0.9, 1.4)])
def test_turbo_cf(alpha: float, exponent: float) -> None:
    close(scores_of(TurboCF(alpha, exponent, 100), None), toy_matrix() @ of_interactions(alpha, exponent))


@pytest.mark.parametrize(
    ("weights", "factors"), [({}, (1, 1)), ({"text": 6.0, "images": 0.1}, (6, 0.1)), ({"text": 0, "images": 2}, (0, 2))]
)
def test_sum_over_kinds(weights: dict[str, float], factors: tuple[float, float]) -> None:
    model = MultimodalFilter(0.89, 0.67, 100, weights).with_blocks(BLOCKS)
    wanted = of_interactions(0.89, 0.67)
    wanted = wanted + factors[0] * of_kind(TEXT, torch.ones(NUM_ITEMS, dtype=torch.bool), 0.89, 0.67)
    wanted = wanted + factors[1] * of_kind(IMAGES, KNOWN, 0.89, 0.67)
    close(scores_of(model, BOTH), toy_matrix() @ wanted)
    scorer = model.fit(TOY_TRAIN, BOTH).unmasked()
    history, terms = scorer.history_terms(4, 7)  # type: ignore[misc]
    assert history.tolist() == TOY_TRAIN.items[TOY_TRAIN.users == 4].tolist()
    torch.testing.assert_close(terms, wanted[history, 7], rtol=1e-4, atol=1e-5)


def test_one_kind_where_no_blocks_are_known() -> None:
    close(
        scores_of(MultimodalFilter(0.8, 0.7, 100, {}), TEXT),
        toy_matrix() @ (of_interactions(0.8, 0.7) + of_kind(TEXT, TEXT.any(1), 0.8, 0.7)),
    )


def test_a_cold_item_is_scored_by_the_kinds_it_has() -> None:
    told = MultimodalFilter(0.8, 0.7, 100, {"text": 1, "images": 0}).with_blocks(BLOCKS)
    assert told.fit(TOY_TRAIN, BOTH).candidates is None  # the last item is cold, and has a text
    images = MultimodalFilter(0.8, 0.7, 100, {"text": 0, "images": 1}).with_blocks(BLOCKS).fit(TOY_TRAIN, BOTH)
    assert images.candidates is not None
    assert images.candidates.logical_not().nonzero().flatten().tolist() == [16]


def test_a_column_without_spread_is_not_divided() -> None:
    values = torch.cat([TEXT, torch.full((NUM_ITEMS, 1), 3.0)], 1).double()
    torch.testing.assert_close(scale_robustly(values), torch.from_numpy(RobustScaler().fit_transform(values.numpy())))


def test_what_is_refused() -> None:
    with pytest.raises(UserError, match=r"model=turbo_cf on 17 items.*model.closed_form.max_items"):
        TurboCF(0.5, 1.0, 10).fit(TOY_TRAIN, None)
    with pytest.raises(UserError, match=r"model=mm_gf needs item features"):
        MultimodalFilter(0.5, 1.0, 100, {}).fit(TOY_TRAIN, None)
    with pytest.raises(UserError, match=r"a weight for each of text, images wanted"):
        MultimodalFilter(0.5, 1.0, 100, {"text": 1}).with_blocks(BLOCKS).fit(TOY_TRAIN, BOTH)


class TestTurboCFCase(ClosedFormCase):
    def make(self) -> ClosedForm:
        return TurboCF(0.6, 0.7, 100)


class TestMultimodalFilterCase(ClosedFormCase):
    def make(self) -> ClosedForm:
        return MultimodalFilter(0.89, 0.67, 100, {})

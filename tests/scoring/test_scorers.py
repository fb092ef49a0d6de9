"""Scorers taken apart, masked and added, against their scores; tables through their tensors and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.forms import FORMS, decompose
from ltgnn.scoring.masked import MaskedScorer, any_candidates, mask_items
from ltgnn.scoring.scorers import (
    InnerProduct,
    ItemBias,
    ItemItemWeights,
    ScoreTable,
    SparseItemItemWeights,
    WeightedSum,
)
from ltgnn.types import Scorer, as_scorer
from tests.conftest import random_interactions

TRAIN = random_interactions(6, 9, 0.4, seed=1)
EVERYONE = torch.arange(6)
WEIGHTS = torch.randn(9, 9, generator=torch.Generator().manual_seed(0))
ROWS = csr_matrix((np.ones(len(TRAIN), np.float32), (TRAIN.users.numpy(), TRAIN.items.numpy())), (6, 9))
SCALE = torch.arange(1.0, 7.0)
TABLES: list[ScoreTable] = [
    InnerProduct(torch.randn(6, 3), torch.randn(3, 9)),
    ItemBias(torch.randn(9)),
    ItemItemWeights(*TRAIN.by_user, WEIGHTS),
    SparseItemItemWeights(ROWS, csr_matrix(WEIGHTS.numpy()), SCALE),
    SparseItemItemWeights(ROWS, csr_matrix(WEIGHTS.numpy())),
    FactorisedItemWeights(*TRAIN.by_user, WEIGHTS[:, :3].clone(), WEIGHTS[:3].clone()),
]
KNOWN = torch.arange(9) != 4


def of(tables: list[ScoreTable]) -> Tensor:
    return torch.stack([table(EVERYONE) for table in tables]).sum(0)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table).__name__)
def test_a_table_through_its_tensors(table: ScoreTable) -> None:
    again = FORMS[table.form].from_tensors(dict(table.tensors()), TRAIN)
    assert type(again) is type(table)
    torch.testing.assert_close(again(EVERYONE), table(EVERYONE))
    torch.testing.assert_close(table.times(-2.0)(EVERYONE), -2 * table(EVERYONE))
    assert decompose(table) == [table]
    assert table.description()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table).__name__)
def test_its_terms_for_a_user_sum_to_the_score(table: ScoreTable) -> None:
    history, named = table.history_terms(2, 5), table.named_terms(2, 5)
    score = float(table(torch.tensor([2]))[0, 5])
    if history is not None:
        assert sorted(history[0].tolist()) == sorted(TRAIN.items[TRAIN.users == 2].tolist())
        assert float(history[1].sum()) == pytest.approx(score, rel=1e-5)
    elif named is not None:
        assert sum(named.values()) == pytest.approx(score)
    else:
        assert table.factors is not None
        users, items = table.factors
        assert float(users[2] @ items[:, 5]) == pytest.approx(score)


def test_somebody_with_the_history_of_a_user_gets_that_users_scores() -> None:
    items = TRAIN.items[TRAIN.users == 3]
    for table in (TABLES[1], TABLES[2], TABLES[4], TABLES[5]):
        torch.testing.assert_close(table.of_history(items), table(torch.tensor([3]))[0])
    inner = TABLES[0]
    assert isinstance(inner, InnerProduct)
    torch.testing.assert_close(inner.of_history(items), inner.table[:, items].mean(1) @ inner.table)


def test_a_sum_of_sums_is_taken_apart() -> None:
    inside = WeightedSum([(3.0, MaskedScorer(TABLES[0], KNOWN).unmasked()), (1.0, TABLES[1])])
    scorer = mask_items(WeightedSum([(1.0, TABLES[2]), (0.5, inside)]), KNOWN)
    found = decompose(scorer)
    assert found is not None
    assert [table.form for table in found] == ["items", "inner", "constant"]
    torch.testing.assert_close(of(found), scorer.unmasked()(EVERYONE))
    assert decompose(WeightedSum([(1.0, TABLES[0]), (1.0, lambda users: torch.zeros(len(users), 9))])) is None


def test_a_mask_hides_and_can_be_taken_off() -> None:
    scorer = mask_items(TABLES[0], KNOWN)
    assert scorer.unmasked() is TABLES[0]
    assert scorer.candidates is not None
    assert scorer.candidates.tolist() == KNOWN.tolist()
    assert (scorer(EVERYONE) == -torch.inf).all(0).tolist() == (~KNOWN).tolist()
    assert scorer.factors is TABLES[0].factors or torch.equal(scorer.factors[1], TABLES[0].factors[1])  # type: ignore[index]
    assert mask_items(TABLES[0], None) is TABLES[0] is mask_items(TABLES[0], torch.ones(9, dtype=torch.bool))


def test_what_one_of_several_knows() -> None:
    other = torch.arange(9) < 2
    union = any_candidates([KNOWN & ~other, other])
    assert union is not None
    assert union.tolist() == KNOWN.tolist()
    assert any_candidates([KNOWN, None]) is None
    assert any_candidates([]) is None


def test_a_plain_function_is_a_scorer_with_all_defaults() -> None:
    scorer = as_scorer(lambda users: torch.ones(len(users), 9))
    assert isinstance(scorer, Scorer)
    assert as_scorer(scorer) is scorer
    assert scorer(EVERYONE).shape == (6, 9)
    out = torch.zeros(6, 9)
    assert scorer.scores_into(EVERYONE, out) is not out
    assert scorer.candidates is scorer.factors is scorer.item_bias is scorer.terms() is None
    assert scorer.history_terms(0, 0) is scorer.named_terms(0, 0) is None
    assert scorer.unmasked() is scorer

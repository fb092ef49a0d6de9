"""Scorers taken apart, masked and added, against their scores; tables through their tensors and back."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.scoring.forms import decompose
from ltgnn.scoring.masked import MaskedScorer, mask_items
from ltgnn.scoring.scorers import InnerProduct, ScoreTable, WeightedSum
from ltgnn.types import Scorer, as_scorer
from tests.scoring.scorers_case import EVERYONE, KNOWN, TABLES, TRAIN


def of(tables: list[ScoreTable]) -> Tensor:
    return torch.stack([table(EVERYONE) for table in tables]).sum(0)


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

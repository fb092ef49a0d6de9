"""Factorised weights without those of items to themselves, against the dense matrix with zero diagonal."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.zero_diagonal import ZeroDiagonalWeights
from tests.scoring.scorers_case import EVERYONE, TRAIN, WEIGHTS

GIVEN, RECEIVED = WEIGHTS[:, :3].clone(), WEIGHTS[:3].clone()
TABLE = ZeroDiagonalWeights(FactorisedItemWeights(*TRAIN.by_user, GIVEN, RECEIVED))
DENSE = (GIVEN @ RECEIVED).fill_diagonal_(0)


def histories() -> Tensor:
    matrix = torch.zeros(TRAIN.num_users, TRAIN.num_items)
    matrix[TRAIN.users, TRAIN.items] = 1
    return matrix


def test_scores_are_those_of_the_matrix_with_zero_diagonal() -> None:
    torch.testing.assert_close(TABLE.scores(EVERYONE), histories() @ DENSE)
    out = torch.empty(len(EVERYONE), TRAIN.num_items)
    assert TABLE.scores_into(EVERYONE, out) is out
    torch.testing.assert_close(out, histories() @ DENSE)


def test_scores_of_some_items_in_any_order_and_twice() -> None:
    users, items = torch.tensor([4, 0, 4]), torch.tensor([7, 2, 7, 0, 8])
    torch.testing.assert_close(TABLE.scores_of(users, items), (histories() @ DENSE)[users][:, items])
    assert TABLE.scores_of(users, torch.empty(0, dtype=torch.int64)).shape == (3, 0)


def test_each_item_of_the_history_but_the_scored_one() -> None:
    for user, item in ((0, int(TRAIN.items[TRAIN.users == 0][0])), (3, 5)):
        history, values = TABLE.history_terms(user, item)
        torch.testing.assert_close(values.float(), DENSE[history, item])


def test_a_user_of_whom_only_the_history_is_known() -> None:
    torch.testing.assert_close(TABLE.of_history(torch.tensor([6, 1, 3])), DENSE[[6, 1, 3]].sum(0))


def test_histories_of_others() -> None:
    some = TRAIN.select(TRAIN.users % 2 == 0)
    rows = histories() * (torch.arange(TRAIN.num_users) % 2 == 0)[:, None]
    torch.testing.assert_close(TABLE.with_histories(some).scores(EVERYONE), rows @ DENSE)


def test_ranking_by_inner_products_is_not_offered() -> None:
    """They would put the items of the history first, where these are not left out."""
    assert TABLE.factors is None

"""Weights between items as a product of two thin matrices: what an item gives, and what another receives."""

from __future__ import annotations

import pytest
import torch

from ltgnn.scoring.forms import FORMS, decompose
from ltgnn.scoring.scorers import ScoreTable
from tests.scoring.scorers_case import EVERYONE, TABLES, TRAIN


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table).__name__)
def test_a_table_through_its_tensors(table: ScoreTable) -> None:
    again = FORMS[table.form].from_tensors(dict(table.tensors()), TRAIN)
    assert type(again) is type(table)
    torch.testing.assert_close(again(EVERYONE), table(EVERYONE))
    torch.testing.assert_close(table.times(-2.0)(EVERYONE), -2 * table(EVERYONE))
    assert decompose(table) == [table]
    assert table.description()

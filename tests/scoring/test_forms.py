"""Every score table that an export may hold stands under its own name."""

from __future__ import annotations

from ltgnn.scoring import scorers
from ltgnn.scoring.forms import FORMS
from ltgnn.scoring.scorers import ScoreTable


def test_every_table_is_found_by_its_name() -> None:
    assert all(table.form == name for name, table in FORMS.items())
    own = {one for one in vars(scorers).values() if isinstance(one, type) and issubclass(one, ScoreTable)}
    assert {one for one in own if "form" in vars(one)} <= set(FORMS.values())

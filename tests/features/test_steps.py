"""Steps of features are part of their key, and fitted on train items."""

from __future__ import annotations

import pytest
import torch

from ltgnn.features.steps import apply_steps, fit_hash
from ltgnn.features.transform import Keep, UnitLength
from ltgnn.testing import toy
from ltgnn.types import Features, UserError

COUNTS = toy.interactions().item_counts


def test_a_step_that_changes_something_changes_the_key() -> None:
    raw = Features(toy.features(), {"key": "raw"})
    kept = apply_steps(raw, COUNTS, Keep())
    assert kept.card["key"] == "raw"
    unit = apply_steps(raw, COUNTS, UnitLength())
    assert unit.card["key"] != "raw"
    assert len(unit.card["steps"]) == 1
    norms = unit.values.norm(dim=1)
    torch.testing.assert_close(norms, torch.where(toy.features().any(1), 1.0, 0.0))


def test_rows_and_train_items_are_needed() -> None:
    raw = Features(toy.features(), {"key": "raw"})
    with pytest.raises(UserError, match=r"16 rows of features for 3 items"):
        apply_steps(raw, torch.ones(3))
    with pytest.raises(UserError, match=r"no item has a train interaction"):
        apply_steps(raw, torch.zeros(toy.ITEMS))


def test_the_hash_is_of_which_items_were_seen() -> None:
    assert fit_hash(COUNTS) == fit_hash(COUNTS.clamp(max=1)) != fit_hash(COUNTS * 0)

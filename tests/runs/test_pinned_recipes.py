"""A pinned recipe is run unchanged."""

from __future__ import annotations

import pytest

from ltgnn.runs.pinned_recipes import reject_changed_recipe
from ltgnn.types import UserError


def test_another_option_is_refused() -> None:
    choices = {"experiment": "lightgcn_gowalla", "model": "lightgcn", "loss": "bpr"}
    reject_changed_recipe({"model": "lightgcn", "graph": "symmetric"}, choices)
    with pytest.raises(UserError, match=r"model=mf given, but experiment=lightgcn_gowalla is a pinned recipe"):
        reject_changed_recipe({"model": "lightgcn"}, choices | {"model": "mf"})

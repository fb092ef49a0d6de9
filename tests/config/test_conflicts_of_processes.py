"""What several processes cannot share."""

from __future__ import annotations

from typing import Any

from ltgnn.config.conflicts_of_processes import conflicts_of_processes
from ltgnn.config.libraries import STRATEGIES

BY_ABILITY = {ability: target for target, ability in STRATEGIES.items()}


def said(ability: str, **changes: Any) -> str:
    trainer = {"strategy": {"_target_": BY_ABILITY[ability]}, "devices": 3} | changes
    config = {"trainer": trainer, "dim": 64, "callbacks": {"checkpoint": {"every": 1}}}
    return "\n".join(conflicts_of_processes(config, {}, {"trainer": "mine"}))


def test_columns_are_cut_into_equal_parts_by_plain_norms() -> None:
    assert "dim=64 is not a multiple of trainer.devices=3" in said("column_separable")
    assert said("column_separable", devices=2) == ""
    assert "trainer.gradient_clip_val is a norm over all columns" in said(
        "column_separable", devices=2, gradient_clip_val=1
    )


def test_rows_may_be_shared_by_any_number_and_one_process_shares_nothing() -> None:
    assert said("row_separable") == ""
    assert list(conflicts_of_processes({"trainer": {"strategy": "auto"}}, {}, {})) == []

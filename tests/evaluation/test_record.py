"""Numbers under their names: what is defined nowhere is left out."""

from __future__ import annotations

import torch

from ltgnn.evaluation.record import Record


def test_the_mean_is_over_users_that_have_a_value() -> None:
    record = Record(3)
    record.add("recall", torch.tensor([1.0, float("nan"), 0.5]))
    record.add("nowhere", torch.full((3,), float("nan")))
    record.add("gini", 0.25)
    record.add("none", None)
    record.add("nan", float("nan"))
    assert record.values == {"recall": 0.75, "gini": 0.25}
    assert list(record.per_user) == ["recall"]

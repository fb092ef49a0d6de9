"""Evaluators are made at the first look, for the parts that hold pairs out."""

from __future__ import annotations

from typing import Any

import pytest

from ltgnn.evaluation.evaluators import Evaluators
from ltgnn.testing import toy


def test_only_parts_with_pairs_and_each_once() -> None:
    made: list[Any] = []

    def maker() -> Any:
        return lambda *given: made.append(given) or object()

    split = toy.split()  # without validation
    evaluators = Evaluators(maker, split, {"toy": toy.groups()}, lambda: None, {})
    assert list(evaluators) == ["test"]
    assert "val" not in evaluators
    assert not made
    assert evaluators["test"] is evaluators["test"]
    ((held_out, seen, *_),) = made
    assert held_out is split.test
    assert seen == [split.train, split.val]
    with pytest.raises(KeyError):
        evaluators["val"]

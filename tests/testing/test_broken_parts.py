"""Each law of each case fails for a part that breaks it: a case that always passes would show nothing."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.testing.encoder import EncoderCase
from ltgnn.testing.features import FeaturesCase
from ltgnn.testing.fusion import FusionCase
from ltgnn.testing.loss import LossCase
from ltgnn.testing.metric import MetricCase
from ltgnn.testing.reader import ReaderCase
from ltgnn.testing.rule import RuleCase
from ltgnn.testing.sampler import SamplerCase
from ltgnn.types import UserError
from tests.testing import broken_data, broken_models
from tests.testing.broken import PARTS, Broken

CASES = (LossCase, FusionCase, EncoderCase, ClosedFormCase, SamplerCase, MetricCase, RuleCase, ReaderCase, FeaturesCase)
assert broken_data
assert broken_models  # they have filled the list

BY_THEMSELVES = {RuleCase: {"test_is_a_rule"}}
"""Laws that refuse in other words than an assertion's, tested below."""


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_broken_part_fails(part: Broken, tmp_path: Path) -> None:
    case = type("Case", (part.case,), {"make": part.make, **part.members})()
    for law in part.laws:
        method = getattr(case, f"test_{law}")
        given = [tmp_path / law] if "tmp_path" in inspect.signature(method).parameters else []
        for folder in given:
            folder.mkdir()
        with pytest.raises(AssertionError):
            method(*given)


@pytest.mark.parametrize("case", CASES)
def test_every_law_has_a_part_that_breaks_it(case: type) -> None:
    laws = {name for name in dir(case) if name.startswith("test_")} - BY_THEMSELVES.get(case, set())
    assert {f"test_{law}" for part in PARTS if part.case is case for law in part.laws} == laws


def test_what_is_no_rule_is_refused() -> None:
    class Case(RuleCase):
        def make(self) -> object:  # type: ignore[override]
            return object()

    with pytest.raises(UserError, match="is not a rule"):
        Case().test_is_a_rule()

"""One value against type and bounds of the parameter that takes it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.config.parameters import Parameter
from ltgnn.config.refusals import Finding, refusals

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")


BOUNDS = st.tuples(st.integers(-50, 50), st.integers(1, 50), st.booleans(), st.booleans())


@given(BOUNDS, st.data())
def test_a_number_passes_exactly_inside_its_bounds(bounds: tuple[int, int, bool, bool], data: st.DataObject) -> None:
    low, width, low_in, high_in = bounds
    high = low + width
    metadata = (Ge(low) if low_in else Gt(low), Le(high) if high_in else Lt(high))
    value = data.draw(st.floats(low - 5, high + 5, allow_nan=False))
    inside = (value >= low if low_in else value > low) and (value <= high if high_in else value < high)
    parameter = Parameter("x", Annotated[float, *metadata], True)
    assert bool(list(refusals(parameter, "x", value))) is not inside


@given(st.integers(-100, 100), st.one_of(st.integers(-200, 200), st.floats(), st.text(max_size=3), st.booleans()))
def test_a_whole_number_is_no_other_kind(least: int, value: Any) -> None:
    found = list(refusals(Parameter("x", Annotated[int, Ge(least)], True), "x", value))
    fine = isinstance(value, int) and not isinstance(value, bool) and value >= least
    assert (found == []) is fine
    assert fine or isinstance(found[0], Finding)

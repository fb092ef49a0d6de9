"""Arguments outside their annotation are named with what is wanted."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Lt

from ltgnn.config.wrong_arguments import refuse_wrong_arguments
from ltgnn.types import UserError


def draw(
    level: Annotated[float, Gt(0), Lt(1)], draws: Annotated[int, Ge(1)], correction: Literal["holm", "none"], runs: list
) -> None: ...


def test_all_are_named_together() -> None:
    with pytest.raises(UserError) as caught:
        refuse_wrong_arguments(draw, level=2, draws=0.5, correction="bonferroni")
    assert str(caught.value).split("\n") == [
        "level=2 given, a number above 0 and less than 1 wanted.",
        "draws=0.5 given, a whole number of at least 1 wanted.",
        "correction=bonferroni given, holm or 'none' wanted.",
    ]
    with pytest.raises(UserError, match="level=nan given"):
        refuse_wrong_arguments(draw, level=float("nan"))


def test_right_ones_pass_and_others_are_not_looked_at() -> None:
    assert refuse_wrong_arguments(draw, level=0.95, draws=10) is None

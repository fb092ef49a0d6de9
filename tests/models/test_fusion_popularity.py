"""The rarer an item, the more its content counts."""

from __future__ import annotations

from functools import partial

import torch
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.models.fusion_popularity import PopularityGate
from ltgnn.models.projection import Linear
from tests.models.fusion_case import COUNTS, embed


def test_popularity_gate_by_hand() -> None:
    """At the start: w_1 = 0.9; with odds 9 that fall as c^-0.5, w_c = 9 / (9 + c^0.5); cold items are text alone."""
    model = embed(partial(PopularityGate, projector=Linear, at_one=0.9, falling=0.5))
    wanted = torch.tensor([9 / (9 + c**0.5) if c else 1.0 for c in COUNTS.tolist()])
    torch.testing.assert_close(model.fusion.content_weight(COUNTS), wanted)
    states, text = model()
    torch.testing.assert_close(states[3:], (1 - wanted[:, None]) * model.items + wanted[:, None] * text)
    torch.testing.assert_close(states[-1], text[-1])


@given(start=st.floats(-20, 20), slope=st.floats(-20, 20))
def test_popularity_gate_is_monotone_whatever_is_learned(start: float, slope: float) -> None:
    model = embed(partial(PopularityGate, projector=Linear, at_one=0.9, falling=0.5))
    with torch.no_grad():
        model.fusion.start.fill_(start)
        model.fusion.slope.fill_(slope)
    weight = model.fusion.content_weight(torch.arange(0, 2000))
    assert (weight.diff() <= 1e-7).all()  # up to the rounding of float32
    assert weight[0] == 1
    assert weight.min() >= 0

"""The calibrated list: categories, or popular and rare items, in the shares that the user had them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.inference.served_model import ServedModel
from ltgnn.serving.calibration import Calibration
from ltgnn.types import UserError
from tests.serving.rules_case import listed, model


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_calibration_is_the_naive_greedy_choice(data: st.DataObject) -> None:
    n = data.draw(st.integers(3, 6))
    kinds = data.draw(st.lists(st.sampled_from(["x", "y", "x|y", "y|z", ""]), min_size=n, max_size=n))
    scores = data.draw(st.permutations([float(place) for place in range(n)]))
    weight = data.draw(st.sampled_from([0.0, 0.4, 0.9, 1.0]))
    served = model("a" * n, [0] * n)
    served.catalogue.fields["many"] = kinds  # type: ignore[index]
    parts = [[name for name in kind.split("|") if name] for kind in kinds]
    share = [{name: 1 / len(part) for name in part} for part in parts]
    wish = share[n - 1]  # all that user 0 has in train
    chosen: list[int] = []
    for _ in range(2):
        value = {}
        for i in set(range(n)) - set(chosen):
            listed: dict[str, float] = {}
            for j in (*chosen, i):
                for name, part in share[j].items():
                    listed[name] = listed.get(name, 0.0) + part
            total = sum(listed.values()) or 1.0
            divergence = sum(
                p * math.log(p / (0.99 * listed.get(name, 0.0) / total + 0.01 * p)) for name, p in wish.items()
            )
            gain = scores[i] / (n - 1)  # what is chosen already adds the same to all
            value[i] = (1 - weight) * gain - weight * divergence
        best = max(value.values())
        order = sorted(range(n), key=lambda i: -scores[i])
        chosen.append(next(i for i in order if i in value and value[i] >= best - 1e-9))
    if not wish:
        chosen = sorted(range(n), key=lambda i: -scores[i])[:2]
    if any(parts):
        assert listed_(served, Calibration(weight, 100, "many", "|", 0.01), scores) == chosen


def listed_(served: ServedModel, rule: Calibration, scores: list[float]) -> list[int]:
    return listed(served, {"calibrated": rule}, 2, scores)


def test_calibration_by_groups_gives_the_user_s_shares() -> None:
    served = model("xxyyz", [0, 0, 1, 1, 1])  # user 0 has item 4 of the tail, user 1 item 0 of the head
    rule = Calibration(0.9, 100, None, "|", 0.01)
    scores = [1.0, 0.9, 0.8, 0.1, 0.0]
    assert listed(served, {"calibrated": rule}, 2, scores) == [2, 3]
    assert listed(served, {"calibrated": rule}, 2, scores, user=1) == [0, 1]
    assert listed(served, {"calibrated": rule}, 2, scores, user=-1) == [0, 1]
    with pytest.raises(UserError, match="smoothing=0"):
        Calibration(0.5, 100, None, "|", 0)

"""The Pareto front against its definition, and the drawing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ltgnn.analysis.pareto import Point, front, lines


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_front_holds_what_nothing_beats(values: list[tuple[int, int]]) -> None:
    points = [Point({}, x, y) for x, y in values]
    unbeaten = {(a, b) for a, b in values if not any(x >= a and y >= b and (x, y) != (a, b) for x, y in values)}
    got = front(points)
    assert [(p.x, p.y) for p in got] == sorted(unbeaten)


def test_lines_run_along_the_key_with_the_most_values() -> None:
    points = [Point({"p": p, "w": w, "s": "content"}, float(w), float(p)) for w in ("10", "2", "1") for p in ("0", "1")]
    assert [[(p.settings["p"], p.settings["w"]) for p in line] for line in lines(points, ["p", "w"])] == [
        [("0", "1"), ("0", "2"), ("0", "10")],
        [("1", "1"), ("1", "2"), ("1", "10")],
    ]
    assert lines(points, ["s"]) == []

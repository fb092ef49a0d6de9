"""Sums by hand."""

from ltgnn.features.describing.description import NOTHING, Cost, Description

FOUND = [
    Description({"uses": "a", "description": "b"}, True, 1, 100, 20, 1.5),
    Description({"uses": "a"}, False, 2, 200, 40, 3.0),
    Description({}, False, 2, 300, 60, 0.25),
]


def test_sums() -> None:
    cost = Cost.of(FOUND)
    assert cost == Cost(3, 2, 2, 1, 600, 120, 4.75)
    assert Cost.of([]) == Cost()
    assert not NOTHING.tries


def test_price() -> None:
    assert Cost.of(FOUND).price(0.5, 2.0) == (600 * 0.5 + 120 * 2.0) / 1e6
    assert Cost.of(FOUND).price(None, 2.0) is None
    assert "price" not in Cost.of(FOUND).in_words()
    assert Cost.of(FOUND).in_words(1000, 1000) == (
        "3 texts, 2 asked again, 2 incomplete (1 of them with nothing readable), 600 tokens read and 120 written, "
        "4.8 s, price 0.7200"
    )

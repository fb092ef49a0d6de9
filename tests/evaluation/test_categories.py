"""Item categories out of a text column, for diversity and calibration."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ltgnn.evaluation.categories import Categories


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Action Sci-Fi", "", "Drama"], [[0, 1], [], [2]]),
        (["Beauty > Skin | Beauty > Bath & Body", "Beauty"], [[0, 1, 2], [0]]),
        (["a;b", "b; a", "c d"], [[0, 1], [0, 1], [2]]),
    ],
)
def test_categories_of_each_form(cells: list[str], expected: list[list[int]]) -> None:
    csr = Categories(["category", "genres"], "|>;,")({"genres": cells})
    assert csr is not None
    offsets, numbers = csr
    assert [numbers[a:b].tolist() for a, b in pairwise(offsets)] == expected


def test_no_categories() -> None:
    read = Categories(["genres"], "|")
    assert read({"title": ["a"]}) is None
    assert read({"genres": ["", ""]}) is None

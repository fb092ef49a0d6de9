"""The summands of a cosine add up to it."""

from __future__ import annotations

import pytest
import torch

from ltgnn.inference.explanation.cosine_terms import CosineTerms
from ltgnn.types import Term


class Halves:
    note = "in halves"

    def terms(self, user: int, item: int) -> list[Term]:
        return [Term(3, "", {"ids": 6.0}), Term(None, "rest", {"ids": 1.0, "features": 3.0})]


def test_each_is_divided_by_the_length_of_the_user() -> None:
    cosine = CosineTerms(Halves(), torch.tensor([[3.0, 4.0]]))  # type: ignore[arg-type]
    first, second = cosine.terms(0, 1)
    assert (first.item, first.by) == (3, {"ids": pytest.approx(1.2)})
    assert second.by == {"ids": pytest.approx(0.2), "features": pytest.approx(0.6)}
    assert cosine.note == "in halves"

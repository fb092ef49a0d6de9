"""Rows of a block against values by hand."""

from __future__ import annotations

import torch

from ltgnn.inference.list_block import ListBlock
from tests.serving.rules_case import model


def test_a_row_for_each_listed_item_and_none_for_the_filler() -> None:
    served = model("xyz", [0, 1, 2])
    lists = torch.tensor([[2, 0], [1, -1]]), torch.tensor([[0.5, 0.25], [1.0, -torch.inf]])
    frame = ListBlock(["a", "b"], torch.tensor([0, 1]), lists).frame(served, reasons=False)
    assert frame.rows() == [
        ("a", 1, "i2", 0.5, "i2", "cold"),
        ("a", 2, "i0", 0.25, "i0", "head"),
        ("b", 1, "i1", 1.0, "i1", "tail"),
    ]
    assert ListBlock([], torch.empty(0, dtype=torch.int64), None).frame(served).rows() == []

"""Numbers standardised with train statistics."""

import math

import pytest
import torch

from ltgnn.data.numbers import standardised
from ltgnn.types import Dataset, Mistake

DATA = Dataset("toy", {}, [], list("abcd"), item_numbers={"price": torch.tensor([1.0, 3.0, float("nan"), 100.0])})


def test_train_items_only():
    values, card = standardised(DATA, torch.tensor([5, 1, 2, 0]), ["price"])
    # mean 2, deviation 1 over the two priced items in train; the cold item is scaled by the same, the missing is 0
    torch.testing.assert_close(values, torch.tensor([[-1.0], [1.0], [0.0], [98.0]]))
    assert card["numbers"]["price"] == {"mean in train": 2, "deviation in train": 1, "missing": 1, "log1p": False}


def test_log():
    values, _ = standardised(DATA, torch.tensor([1, 1, 1, 0]), ["price"], log1p=["price"])
    one, three = math.log(2), math.log(4)
    torch.testing.assert_close(
        values[3, 0].item(), (math.log(101) - (one + three) / 2) / ((three - one) / 2), rtol=1e-6, atol=0
    )


def test_constant_column():
    same = Dataset("toy", {}, [], ["a", "b"], item_numbers={"n": torch.tensor([7.0, 7.0])})
    assert standardised(same, torch.tensor([1, 1]), ["n"]).values.tolist() == [[0], [0]]


def test_mistakes():
    with pytest.raises(Mistake, match=r"no number 'weight' \(they have: price\)"):
        standardised(DATA, torch.ones(4), ["weight"])
    with pytest.raises(Mistake, match="missing for every item in train"):
        standardised(DATA, torch.tensor([0, 0, 1, 0]), ["price"])

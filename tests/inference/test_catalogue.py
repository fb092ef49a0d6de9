"""Raw ids to numbers and back, and what is known of the items."""

from __future__ import annotations

import pytest

from ltgnn.inference.catalogue import Catalogue
from ltgnn.types import UserError

SHOP = Catalogue(["ann", "bob"], ["i1", "i2"], {"title": ["River", ""]})


def test_numbers_and_titles() -> None:
    assert SHOP.users(["bob", "eve", "ann"]).tolist() == [1, -1, 0]
    assert (SHOP.user("bob"), SHOP.item("i2")) == (1, 1)
    assert list(SHOP.titles) == ["River", "i2"]
    assert list(Catalogue(["a"], ["i1"]).titles) == ["i1"]
    assert SHOP.column("title") == ["River", ""]


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match=r"user=bobb is not among the 2 user ids of this data. Did you mean: bob"):
        SHOP.user("bobb")
    with pytest.raises(UserError, match=r"unknown item column 'price'; the data has: title"):
        SHOP.column("price")
    with pytest.raises(UserError, match=r"a list of ids wanted: \['ann'\]"):
        SHOP.users("ann")

"""Raw ids as a column: a list in all but its memory."""

from __future__ import annotations

import pickle

import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.data.names import Names


@given(st.lists(st.text(max_size=20), max_size=10), st.slices(10))
def test_like_a_list(texts: list[str], part: slice) -> None:
    names = Names(pl.Series(texts, dtype=pl.String), block=3)
    assert len(names) == len(texts)
    assert list(names) == texts
    assert [*names, "x"] == [*texts, "x"]
    assert list(reversed(names)) == texts[::-1]
    assert [names[n] for n in range(-len(texts), len(texts))] == texts + texts
    assert names[part] == texts[part]
    assert isinstance(names[part], Names)
    for text in (*texts, "not there"):
        assert (text in names, names.count(text)) == (text in texts, texts.count(text))
        if text in texts:
            assert names.index(text) == texts.index(text)
    assert pickle.loads(pickle.dumps(names)) == names
    assert pl.Series(names, dtype=pl.String).to_list() == texts
    assert pl.DataFrame({"id": names}, schema={"id": pl.String})["id"].to_list() == texts


def test_equality() -> None:
    names = Names(pl.Series(["a", "b"]))
    assert names == ["a", "b"] == names
    assert names == ("a", "b")
    assert names == Names(pl.Series("other name", ["a", "b"]))
    for other in (["a"], ["a", "c"], ["a", "b", "c"], Names(pl.Series(["b", "a"])), "ab", None):
        assert names != other
    assert 3 not in names
    with pytest.raises(TypeError):
        hash(names)


def test_places() -> None:
    names = Names(pl.Series(["a", "b", "c", "d"]))
    assert names[torch.tensor(2)] == "c"  # whatever is a whole number, as a list takes it
    for place in (4, -5):
        with pytest.raises(IndexError):
            names[place]
    with pytest.raises(TypeError):
        names["a"]  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"^$"):
        names.index("nobody")
    assert repr(names) == "Names(4: 'a', 'b', 'c', ...)"

"""Cleaning: each filter by hand, the k-core as a law, the report."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning, k_core, seconds
from ltgnn.data.raw import Raw
from ltgnn.types import UserError
from tests.data.bad_input_case import HEADER, write
from tests.data.cleaning_case import pairs
from tests.data.readers import reader
from tests.data.repeats_case import ITEMS, USERS, events, read


def raw(rows, num_users=3, num_items=4, **columns):
    """Rows (user, item), and columns time, rating, weight, part by name."""
    table = np.array(rows, dtype=np.int32).reshape(-1, 2)
    kinds = {"times": np.float64, "ratings": np.float32, "weights": np.float32, "parts": np.int8}
    arrays = {name: np.array(columns.pop(name), dtype=kind) for name, kind in kinds.items() if name in columns}
    return Raw(
        users=table[:, 0],
        items=table[:, 1],
        user_ids=pl.Series([f"u{n}" for n in range(num_users)]),
        item_ids=pl.Series([f"i{n}" for n in range(num_items)]),
        item_fields={"title": pl.Series([f"title {n}" for n in range(num_items)])},
        item_numbers={"price": np.arange(num_items, dtype=np.float32)},
        item_vectors={"image": np.eye(num_items, dtype=np.float32)},
        user_fields={"city": pl.Series([f"city {n}" for n in range(num_users)])},
        **arrays,
        **columns,
    )


def cleaning(**keys):
    defaults = {"since": None, "until": None, "min_rating": None, "user_core": 1, "item_core": 1}
    return Cleaning(**(defaults | {"keep_unseen_users": False, "keep_unseen_items": False} | keys))


def test_first_of_repeats_counts_and_weights_add_up():
    rows, report = cleaning()(
        raw([(0, 1), (1, 1), (0, 1), (0, 0), (0, 1)], times=[5, 6, 1, 7, 8], weights=[1, 2, 5, 4, 10])
    )
    assert pairs(rows) == [(1, 1), (0, 1), (0, 0)]  # of (0, 1) the row of time 1, in its place
    assert rows.times.tolist() == [6, 1, 7]
    assert rows.weights.tolist() == [2, 16, 4]
    assert [step["interactions"] for step in report] == [5, 3]


def test_filters_in_order():
    """Dates come first, then ratings, then repeats, then the core: each sees what the one before left."""
    rows, report = cleaning(since=2, until=9, min_rating=3, user_core=2)(
        raw(
            [(0, 0), (0, 0), (0, 1), (1, 1), (1, 2), (1, 2)],
            times=[1, 3, 4, 5, 6, 9],
            ratings=[5, 4, 4, 5, 2, 5],
        )
    )
    assert pairs(rows) == [(0, 0), (0, 1)]  # (0, 0) at time 3: the one at 1 is too early
    assert [step["interactions"] for step in report] == [6, 4, 3, 3, 2]
    assert [step["filter"] for step in report] == [
        "as read",
        "times from 2 to before 9",
        "rating >= 3",
        "repeated pairs: first kept, by time",
        "2-core of users, 1-core of items",
    ]


@pytest.mark.parametrize(
    ("time", "expected"), [(12.5, 12.5), ("12.5", 12.5), ("2014-01-31", datetime(2014, 1, 31, tzinfo=UTC).timestamp())]
)
def test_seconds(time, expected):
    assert seconds(time) == expected


def test_unseen_ids_leave_with_their_fields_unless_kept():
    rows, _ = cleaning()(raw([(0, 3), (2, 1)]))
    assert rows.user_ids.to_list() == ["u0", "u2"]
    assert rows.item_ids.to_list() == ["i1", "i3"]
    assert pairs(rows) == [(0, 1), (1, 0)]
    assert rows.item_fields["title"].to_list() == ["title 1", "title 3"]
    assert rows.item_numbers["price"].tolist() == [1, 3]
    assert rows.item_vectors["image"].argmax(1).tolist() == [1, 3]
    assert rows.user_fields["city"].to_list() == ["city 0", "city 2"]
    rows, _ = cleaning(keep_unseen_users=True, keep_unseen_items=True)(raw([(0, 3), (2, 1)]))
    assert (len(rows.user_ids), len(rows.item_ids), pairs(rows)) == (3, 4, [(0, 3), (2, 1)])


EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=60, unique=True)


@given(EDGES, st.integers(1, 4), st.integers(1, 4))
def test_k_core(edges, user_core, item_core):
    """Idempotent, every degree large enough, and no larger set has that (against removing one row at a time)."""
    users, items = np.array(edges, dtype=np.int32).reshape(-1, 2).T
    kept = k_core(users, items, user_core, item_core)
    again = k_core(users[kept], items[kept], user_core, item_core)
    assert again.all()
    left = set(range(len(edges)))
    while True:
        few = [
            row
            for row in left
            if sum(edges[other][0] == edges[row][0] for other in left) < user_core
            or sum(edges[other][1] == edges[row][1] for other in left) < item_core
        ]
        if not few:
            break
        left.remove(few[0])
    assert set(np.flatnonzero(kept).tolist()) == left


def test_nothing_left_says_which_filter_took_it():
    with pytest.raises(UserError, match=r"as read: 2; .*5-core of users, 1-core of items: 0.*user_core"):
        cleaning(user_core=5)(raw([(0, 0), (1, 1)]))


def test_what_a_filter_needs():
    with pytest.raises(UserError, match=r"data\.reader\.time"):
        cleaning(since=1)(raw([(0, 0)]))
    with pytest.raises(UserError, match=r"data\.reader\.rating"):
        cleaning(min_rating=1)(raw([(0, 0)]))
    with pytest.raises(UserError, match="neither a number of seconds nor a date"):
        cleaning(since="soon")(raw([(0, 0)], times=[1]))


def test_official_parts_must_not_overlap():
    both = raw([(0, 0), (0, 0), (1, 2), (1, 2)], parts=[0, 0, 0, 1], part_names=("train", "test"))
    with pytest.raises(UserError, match=r"1 pair is in more than one part, e\.g\. user u1, item i2 in train and test"):
        cleaning()(both)
    apart = raw([(0, 0), (0, 0), (1, 2), (1, 1)], parts=[0, 0, 0, 1], part_names=("train", "test"))
    rows, _ = cleaning()(apart)
    assert rows.parts.tolist() == [0, 0, 1]


def test_no_item_left_after_the_core(tmp_path):
    write(tmp_path, HEADER + "a,1,1\nb,2,1\n")
    core = Cleaning(None, None, None, 5, 5, False, False)
    with pytest.raises(UserError, match=r"No interactions are left\..*user_core"):
        load(lambda: tmp_path, reader("table"), core)


def test_counts_that_are_not_the_published_ones(tmp_path):
    write(tmp_path, HEADER + "a,1,1\nb,2,1\n")
    keep = Cleaning(None, None, None, 1, 1, False, False)
    with pytest.raises(
        UserError, match=r"toy are not the published ones: items: 2, published 3\. .*data\.expected=null"
    ):
        load(lambda: tmp_path, reader("table"), keep, "toy", {"users": 2, "items": 3})


def test_sum_counts_the_repeats(tmp_path):
    data = read(tmp_path, events()[0], repeats="sum")
    weights = data.parts["all"].weights
    assert sorted(weights.tolist()) == [1.0] * (USERS * (ITEMS - 1)) + [2.0] * USERS


def test_without_times_it_is_the_line(tmp_path):
    data = read(tmp_path, [("a", "x"), ("a", "y"), ("a", "x")], header="user_id,item_id")
    assert data.card["cleaning"][1]["filter"] == "repeated pairs: first kept, by line"


def test_an_unknown_rule(tmp_path):
    with pytest.raises(UserError, match=r"data\.cleaning\.repeats=mean: wanted first, last, sum"):
        read(tmp_path, events()[0], repeats="mean")


def test_weights_first_last_and_sum(tmp_path):
    rows = "user_id,product_id,timestamp,click,purchase\na,x,3,0,1\na,x,1,1,0\na,x,2,2,0\na,y,9,1,0\n"
    (tmp_path / "user_behavior.csv").write_text(rows)
    (tmp_path / "products.csv").write_text("product_id,title,description,price,rating\nx,t,d,1,1\ny,t,d,1,1\n")
    kept = {}
    for rule in (None, "first", "last", "sum"):
        cleaning = Cleaning(None, None, None, 1, 1, False, False, repeats=rule)
        part = load(lambda: tmp_path, reader("shop"), cleaning).parts["all"]
        kept[rule] = sorted(zip(part.times.tolist(), part.weights.tolist(), strict=True))[0]
    assert kept == {None: (1, 8), "first": (1, 1), "last": (3, 5), "sum": (1, 8)}

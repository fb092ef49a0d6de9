"""Rows of interactions, read column by column and piece by piece into arrays of the narrowest type that holds them."""

from __future__ import annotations

import random
from dataclasses import replace

import torch
from hypothesis import given as drawn
from hypothesis import strategies as st

from ltgnn.data.formats import table_file
from ltgnn.data.names import Names
from ltgnn.data.rows import RowTable
from ltgnn.types import Dataset, Interactions, Split, UserError
from tests.conftest import interactions
from tests.data.bad_input_case import HEADER, message, write
from tests.data.narrow_case import NUM_ITEMS, NUM_USERS, narrow, wide
from tests.data.read_any_table_case import by_csv, made, write_table


def test_parts_of_wrong_names(tmp_path):
    write(tmp_path, HEADER + "a,1,1\n")
    got = message(tmp_path, interactions={"training": "interactions.csv"})
    assert "names the parts training; wanted all, or train, val, test" in got


def narrowed(table: Interactions) -> Interactions:
    """As a file is read."""
    return replace(table, users=table.users.int(), items=table.items.int())


def test_read_and_cleaned(data: Dataset) -> None:
    part = data.parts["all"]
    assert narrow(part)
    assert (len(part), part.num_users, part.num_items) == (3 * NUM_USERS, NUM_USERS, NUM_ITEMS)
    assert isinstance(data.user_ids, Names)
    assert isinstance(data.item_ids, Names)
    assert data.user_ids == [str(n) for n in range(NUM_USERS)]


LARGE = (100_000, 50_000)  # users and items: products of ids pass 2^31 and 2^32

PAIRS = [(99_999, 3), (99_999, 49_999), (99_000, 49_999), (7, 49_000), (99_000, 49_000), (7, 3)]

near_the_end = st.tuples(
    st.one_of(st.integers(0, 3), st.integers(LARGE[0] - 5, LARGE[0] - 1)),
    st.one_of(st.integers(0, 3), st.integers(LARGE[1] - 5, LARGE[1] - 1)),
)


@drawn(st.lists(near_the_end, min_size=1, max_size=40, unique=True))
def test_keys_and_rows_are_those_of_whole_numbers(pairs: list[tuple[int, int]]) -> None:
    table = narrowed(interactions(pairs, *LARGE))
    assert table.users.dtype == table.items.dtype == torch.int32
    assert (table.keys.dtype, table.keys.tolist()) == (torch.int64, [user * LARGE[1] + item for user, item in pairs])
    offsets, items = table.by_user
    assert offsets.dtype == items.dtype == torch.int64
    for user in {user for user, _ in pairs}:
        mine = items[offsets[user] : offsets[user + 1]].tolist()
        assert mine == sorted(item for other, item in pairs if other == user)


def test_a_split_is_wide_and_not_copied_where_it_was() -> None:
    given = interactions(PAIRS, *LARGE)
    split = Split(narrowed(given), given, given, "by hand")
    assert wide(split.train)
    assert torch.equal(split.train.keys, given.keys)
    assert split.val is given


def test_keys_leave_the_ids_alone() -> None:
    table = interactions(PAIRS, *LARGE)
    assert table.keys.tolist() == [user * LARGE[1] + item for user, item in PAIRS]
    assert list(zip(table.users.tolist(), table.items.tolist(), strict=True)) == PAIRS


BLANKS = " \t\r\n\x0b\u2028"


def test_separator_found_and_events_as_imported(tmp_path):
    """The way of ``ltgnn data import``: format and separator by content, ids coded, the same pairs in their order."""
    random_ = random.Random(4)
    whole = 0
    for number in range(300):
        text, separator, names, *_ = made(random_)
        if len(names) < 2 or separator == "\t":
            continue
        path = tmp_path / "table.csv"
        write_table(path, text, "utf-8")
        rows = by_csv(text, separator)
        try:
            columns, texts, notes = RowTable({"all": table_file(path)}, "c0", "c1", drop_incomplete=True).read()
        except UserError:
            continue
        users = [texts["users"][code] for code in columns["users"].tolist()]
        items = [texts["items"][code] for code in columns["items"].tolist()]
        kept = [(row[0].strip(BLANKS), row[1].strip(BLANKS)) for row in rows]
        wanted = [pair for pair in kept if all(pair)]
        assert list(zip(users, items, strict=True)) == wanted, (number, text)
        assert notes["interactions"][0]["rows without a required value, dropped"] == len(kept) - len(wanted)
        whole += 1
    assert whole > 20

"""Ids are held in 4 bytes; what multiplies or adds them must not: here products of ids pass 2^31 and 2^32.

Each case has few pairs, of the users and items with the largest numbers, and is compared with Python's own integers.
"""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.data.sampling import PairBatches
from ltgnn.data.text_leaks import item_mentions, twins, user_mentions
from ltgnn.evaluation.pool import pool_of
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.grown import fresh
from ltgnn.models.histories import Histories
from ltgnn.serving.incremental import opened
from ltgnn.types import Dataset, Groups, Interactions, Mistake, Split
from tests.conftest import interactions
from tests.evaluation.case import evaluator

USERS, ITEMS = 100_000, 50_000
LAST_USER, LAST_ITEM = USERS - 1, ITEMS - 1
PAIRS = [(LAST_USER, 3), (LAST_USER, LAST_ITEM), (99_000, LAST_ITEM), (7, 49_000), (99_000, 49_000), (7, 3)]
TRAIN = interactions(PAIRS, USERS, ITEMS)

near_the_end = st.tuples(
    st.one_of(st.integers(0, 3), st.integers(USERS - 5, LAST_USER)),
    st.one_of(st.integers(0, 3), st.integers(ITEMS - 5, LAST_ITEM)),
)


@given(st.lists(near_the_end, min_size=1, max_size=40, unique=True))
def test_keys_and_rows_are_those_of_whole_numbers(pairs: list[tuple[int, int]]) -> None:
    table = interactions(pairs, USERS, ITEMS)
    assert table.users.dtype == table.items.dtype == torch.int32
    assert (table.keys.dtype, table.keys.tolist()) == (torch.int64, [user * ITEMS + item for user, item in pairs])
    offsets, items = table.by_user
    assert offsets.dtype == items.dtype == torch.int64
    for user in {user for user, _ in pairs}:
        mine = items[offsets[user] : offsets[user + 1]].tolist()
        assert mine == sorted(item for other, item in pairs if other == user)


def test_wide_ids_are_narrowed_and_narrow_ones_not_copied() -> None:
    wide = torch.tensor([1, 2])
    narrow = Interactions(wide, wide, 3, 3)
    assert narrow.users.dtype == narrow.items.dtype == torch.int32
    again = Interactions(narrow.users, narrow.items, 3, 3)
    assert (again.users.data_ptr(), again.items.data_ptr()) == (narrow.users.data_ptr(), narrow.items.data_ptr())


@pytest.mark.parametrize(("users", "items", "named"), [(2**31, 1, "2,147,483,648 users"), (1, 2**31, "648 items")])
def test_more_ids_than_4_bytes_number_are_a_mistake(users: int, items: int, named: str) -> None:
    nothing = torch.empty(0, dtype=torch.int64)
    with pytest.raises(Mistake, match=named):
        Interactions(nothing, nothing, users, items)
    Interactions(nothing, nothing, users - 1, items - 1)


def test_graph() -> None:
    """Values of the neighbours, by a loop; the same rows in the graph that takes in events."""
    graph = BipartiteGraph(TRAIN, Symmetric(), None)
    states = torch.rand(USERS + ITEMS, 1, generator=torch.Generator().manual_seed(0))
    wanted = torch.zeros(USERS + ITEMS, 1)
    for user, item in PAIRS:
        one, other = user, USERS + item
        weight = float(TRAIN.user_counts[user] * TRAIN.item_counts[item]) ** -0.5
        wanted[one] += weight * states[other]
        wanted[other] += weight * states[one]
    torch.testing.assert_close(graph.propagate(states), wanted)
    ones = torch.ones(len(TRAIN), dtype=torch.float64)
    live = opened((TRAIN.users, TRAIN.items, ones), USERS, ITEMS, (states,), Symmetric(), None)
    torch.testing.assert_close(live.step(states, states, torch.ones(USERS + ITEMS, dtype=torch.bool)), wanted)
    for start, stop in itertools.pairwise(live.offsets[live.offsets.diff().nonzero()[:, 0]].tolist()):
        assert (live.columns[start:stop].diff() > 0).all()


def test_known_events_are_known() -> None:
    dataset = Dataset("wide", {}, [f"u{n}" for n in range(USERS)], [f"i{n}" for n in range(ITEMS)])
    new = fresh(dataset, TRAIN, [(f"u{user}", f"i{item}") for user, item in [*PAIRS, (99_001, LAST_ITEM)]], {})
    assert (new.users.tolist(), new.items.tolist(), new.repeated) == ([99_001], [LAST_ITEM], len(PAIRS))


@pytest.mark.parametrize("unit", ["edges", "users"])
def test_batches_are_wide(unit: str) -> None:
    for batch in PairBatches(TRAIN, 4, unit, seed=0):
        assert batch.users.dtype == batch.pos.dtype == torch.int64
        assert all((user, item) in PAIRS for user, item in zip(batch.users.tolist(), batch.pos.tolist(), strict=True))


def test_places_in_histories() -> None:
    times = torch.arange(len(PAIRS), dtype=torch.float64)
    timed = Interactions(TRAIN.users, TRAIN.items, USERS, ITEMS, times)
    history = Histories(timed)
    assert history.events.dtype == torch.int64
    assert history.place(timed.users, timed.items).tolist() == [0, 1, 0, 0, 1, 1]


def test_found_items_are_hits() -> None:
    """A scorer that knows the held-out pairs: all of them are found, by the evaluation and in the pool of a blend."""
    train, held_out = TRAIN.select(torch.tensor([0, 2, 5])), TRAIN.select(torch.tensor([1, 3, 4]))

    def scorer(users: torch.Tensor) -> torch.Tensor:
        assert users.dtype == torch.int64
        scores = torch.zeros(len(users), ITEMS)
        for row, user in enumerate(users.tolist()):
            scores[row, [item for other, item in PAIRS if other == user]] = 1.0
        return scores

    found = evaluator(held_out, [train], {}, ks=[10], user_groups={})(scorer)
    assert found.lists.users.dtype == torch.int64
    assert found.values["recall@10"] == found.values["ndcg@10"] == 1
    group = [Groups("one", ("all", "cold"), torch.zeros(size, dtype=torch.int8), "all") for size in (USERS, ITEMS)]
    pool = pool_of(lambda users: [scorer(users)], held_out, *group, depth=5)
    assert pool.hits.sum() == len(held_out)


def test_texts_that_tell() -> None:
    """The text of held-out item ITEMS - 1 - n names its user; that of the user's train item names it."""
    rows = range(20)
    users = [f"user{n}" for n in range(USERS)]
    items = [f"item{n}" for n in range(ITEMS)]
    train = interactions([(LAST_USER - n, LAST_ITEM - 100 - n) for n in rows], USERS, ITEMS)
    test = interactions([(LAST_USER - n, LAST_ITEM - n) for n in rows], USERS, ITEMS)
    split = Split(train, test.select(torch.empty(0, dtype=torch.int64)), test, "planted")
    texts = [""] * ITEMS
    for n in rows:
        texts[LAST_ITEM - n] = f"for {users[LAST_USER - n]}"
        texts[LAST_ITEM - 100 - n] = f"with {items[LAST_ITEM - n]}"
    for finding in (user_mentions(split, texts, users), item_mentions(split, texts, items)):
        assert finding is not None
        assert finding.count == len(rows)


def test_a_twin_of_another_user_is_none() -> None:
    """Four kinds of text, and two users 2^30 apart: in 4 bytes the keys of both would be the same."""
    other = 5 + 2**30
    train, test = interactions([(5, 0)], other + 1, 6), interactions([(other, 1)], other + 1, 6)
    finding = twins(Split(train, test.select(test.users < 0), test, "twins"), ["a", "a", "b", "b", "c", "c"], "012345")
    assert finding is not None
    assert "0 held-out pairs" in finding.what

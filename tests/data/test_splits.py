"""Splits: disjoint, complete, the right share per user, in order of time, seeded apart from the run."""

import math
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.data.splits import ColdItems, Folds, GlobalTime, LeaveOneOut, NewItems, Official, RandomSplit, UserTime
from ltgnn.types import Dataset, Interactions, UserError
from tests.data.repeats_case import events, read


def interactions(pairs, num_users, num_items, times=None):
    table = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)
    times = None if times is None else torch.tensor(times, dtype=torch.float64)
    return Interactions(table[:, 0].contiguous(), table[:, 1].contiguous(), num_users, num_items, times)


def dataset(parts):
    one = next(iter(parts.values()))
    return Dataset("toy", parts, [str(u) for u in range(one.num_users)], [str(i) for i in range(one.num_items)])


@st.composite
def datasets(draw):
    """Distinct pairs in any order with times that have ties."""
    num_users, num_items = draw(st.integers(1, 8)), draw(st.integers(3, 12))
    every = [(u, i) for u in range(num_users) for i in range(num_items)]
    pairs = draw(st.lists(st.sampled_from(every), min_size=3, max_size=len(every), unique=True))
    times = draw(st.lists(st.integers(0, 20), min_size=len(pairs), max_size=len(pairs)))
    return dataset({"all": interactions(pairs, num_users, num_items, times)})


SHARES = st.tuples(st.floats(0.05, 0.45), st.floats(0.05, 0.45))

SPLITS = st.one_of(
    st.builds(lambda s, seed: RandomSplit(*s, seed), SHARES, st.integers(0, 9)),
    st.just(LeaveOneOut()),
    st.builds(lambda s: UserTime(*s), SHARES),
    st.builds(lambda s: GlobalTime(*s), SHARES),
    st.builds(lambda s, seed: ColdItems(*s, seed), SHARES, st.integers(0, 9)),
    st.builds(lambda s: NewItems(*s), SHARES),
    st.builds(Folds, st.just(4), st.integers(0, 3), st.integers(0, 9)),
)


def keys(part):
    return set(part.keys.tolist())


def split_or_none(protocol, data):
    """The split, or None where the tiny data leave a part empty (which must be a mistake)."""
    try:
        return protocol(data)
    except UserError as mistake:
        if "empty" not in str(mistake):
            raise
        return None


@given(datasets(), SPLITS)
@settings(max_examples=300, deadline=None)
def test_parts_are_disjoint_and_complete(data, protocol):
    split = split_or_none(protocol, data)
    if split is None:
        return
    parts = [keys(part) for part in (split.train, split.val, split.test)]
    assert sum(map(len, parts)) == len(data.parts["all"]) == len(set().union(*parts))
    assert all(parts)
    times = dict(zip(data.parts["all"].keys.tolist(), data.parts["all"].times.tolist(), strict=True))
    for part in (split.train, split.val, split.test):  # columns travel together
        assert [times[key] for key in part.keys.tolist()] == part.times.tolist()


@given(datasets(), SHARES, st.integers(0, 9), st.booleans())
@settings(max_examples=200, deadline=None)
def test_shares_per_user(data, shares, seed, by_time):
    val, test = shares
    split = split_or_none(UserTime(val, test) if by_time else RandomSplit(val, test, seed), data)
    if split is None:
        return
    for user, size in enumerate(data.parts["all"].user_counts.tolist()):
        tests = min(max(math.floor(size * test + 1e-9), 1), max(size - 1, 0))
        vals = min(math.floor(size * val + 1e-9), max(size - 1 - tests, 0))
        got = [int(part.user_counts[user]) for part in (split.train, split.val, split.test)]
        assert got == [size - tests - vals, vals, tests]


@given(datasets(), st.sampled_from([LeaveOneOut(), UserTime(0.2, 0.2), GlobalTime(0.2, 0.2)]))
@settings(max_examples=200, deadline=None)
def test_time_never_runs_backwards(data, protocol):
    split = split_or_none(protocol, data)
    if split is None:
        return
    users = [None] if split.ordered == "global" else range(data.num_users)
    for user in users:
        lasts = -math.inf
        for part in (split.train, split.val, split.test):
            times = part.times if user is None else part.times[part.users == user]
            if len(times):
                assert times.min() > lasts if user is None else times.min() >= lasts
                lasts = float(times.max())


@given(datasets(), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_folds_partition(data, seed):
    splits = [split_or_none(Folds(3, fold, seed), data) for fold in range(3)]
    if None in splits:
        return
    tests = [keys(split.test) for split in splits]
    assert sum(map(len, tests)) == len(set().union(*tests)) == len(data.parts["all"])
    assert [keys(split.val) for split in splits] == tests[1:] + tests[:1]
    for user in range(data.num_users):
        sizes = [int(split.test.user_counts[user]) for split in splits]
        assert max(sizes) - min(sizes) <= 1


@given(datasets(), SHARES)
@settings(max_examples=100, deadline=None)
def test_held_out_items_are_cold(data, shares):
    for protocol in (ColdItems(*shares, seed=1), NewItems(*shares)):
        split = split_or_none(protocol, data)
        if split is None:
            continue
        items = [set(part.items.tolist()) for part in (split.train, split.val, split.test)]
        assert not items[0] & items[1]
        assert not items[0] & items[2]
        assert not items[1] & items[2]
        seen = sum(map(len, items))
        assert len(items[2]) == math.floor(seen * shares[1] + 0.5)
        if isinstance(protocol, NewItems):
            pairs = data.parts["all"]
            first = {item: float(pairs.times[pairs.items == item].min()) for item in pairs.items.unique().tolist()}
            assert max(first[i] for i in items[0]) <= min(first[i] for i in items[1] | items[2])


def test_leave_one_out_by_hand():
    # user 0: items 0..3 at times 5, 1, 5, 3; of the two at time 5 the one later in the file is the last
    pairs, times = [(0, 0), (0, 1), (0, 2), (1, 0), (0, 3), (1, 1)], [5, 1, 5, 9, 3, 8]
    split = LeaveOneOut()(dataset({"all": interactions(pairs, 2, 4, times)}))
    assert split.test.items.tolist() == [2]
    assert split.val.items.tolist() == [0]
    assert sorted(split.train.keys.tolist()) == [1, 3, 4, 5]  # user 1 has two interactions: all in train
    assert "1 user with fewer than 3" in split.name


def test_leave_one_out_warns_about_short_users(caplog):
    pairs = [(0, 0), (0, 1), (0, 2), (1, 0)]
    LeaveOneOut()(dataset({"all": interactions(pairs, 2, 3, [1, 2, 3, 1])}))
    assert "user_core=3" in caplog.text
    with pytest.raises(UserError, match="empty"):
        LeaveOneOut()(dataset({"all": interactions([(0, 0), (1, 0)], 2, 3, [1, 2])}))


def test_global_time_by_hand():
    pairs, times = [(u, i) for u in range(2) for i in range(5)], [9, 1, 2, 3, 4, 5, 6, 7, 8, 8]
    split = GlobalTime(0.2, 0.2)(dataset({"all": interactions(pairs, 2, 5, times)}))
    assert sorted(split.test.times.tolist()) == [8, 8, 9]  # two interactions share the moment of the cut
    assert split.val.times.tolist() == [7]


def test_seed_of_the_split_is_its_own():
    data = dataset({"all": interactions([(u, i) for u in range(20) for i in range(20)], 20, 20)})
    first = RandomSplit(0.1, 0.1, 0)(data).fingerprint
    torch.manual_seed(99)
    assert RandomSplit(0.1, 0.1, 0)(data).fingerprint == first
    assert RandomSplit(0.1, 0.1, 1)(data).fingerprint != first
    # pinned: a change here changes every published number
    assert first.startswith("aa7f981b70e0402f")


def test_official_takes_the_published_parts():
    train, val, test = ([(0, 0), (1, 1)], [(0, 1)], [(1, 0)])
    parts = {name: interactions(pairs, 2, 2) for name, pairs in (("train", train), ("val", val), ("test", test))}
    split = Official(0.1, 0)(dataset(parts))
    assert (split.train, split.val, split.test) == tuple(parts.values())


@pytest.mark.parametrize(("share", "size"), [(0.0, 0), (0.25, 5)])
def test_official_cuts_validation_from_train(share, size):
    parts = {
        "train": interactions([(u, i) for u in range(5) for i in range(4)], 5, 5),
        "test": interactions([(u, 4) for u in range(5)], 5, 5),
    }
    split = Official(share, 0)(dataset(parts))
    assert len(split.val) == size
    assert keys(split.train) | keys(split.val) == keys(parts["train"])
    assert split.val.user_counts.tolist() == [size // 5] * 5
    assert split.test is parts["test"]


def test_mistakes():
    plain = dataset({"all": interactions([(0, 0), (0, 1), (0, 2)], 1, 3)})
    for protocol in (LeaveOneOut(), UserTime(0.1, 0.1), GlobalTime(0.1, 0.1), NewItems(0.1, 0.1)):
        with pytest.raises(UserError, match=r"needs times.*data\.reader\.time"):
            protocol(plain)
    with pytest.raises(UserError, match="no published parts"):
        Official(0.1, 0)(plain)
    for val, test in ((0, 0.1), (0.1, 0), (0.5, 0.5), (-0.1, 0.2)):
        with pytest.raises(UserError, match=r"split\.val"):
            RandomSplit(val, test, 0)(plain)
    with pytest.raises(UserError, match=r"leaves validation empty \(train 2, validation 0, test 1\)"):
        RandomSplit(0.1, 0.1, 0)(plain)
    with pytest.raises(UserError, match=r"split\.fold"):
        Folds(3, 3, 0)(plain)


def test_parts_can_be_cut_anew():
    parts = {
        "train": interactions([(0, i) for i in range(8)], 1, 10),
        "test": interactions([(0, 8), (0, 9)], 1, 10),
    }
    split = RandomSplit(0.1, 0.1, 0)(dataset(parts))
    assert [len(part) for part in (split.train, split.val, split.test)] == [8, 1, 1]


def held_out(data, split):
    return {data.user_ids[u]: data.item_ids[i] for u, i in zip(split.test.users, split.test.items, strict=True)}


@pytest.mark.parametrize("repeats", [None, "first", "last", "sum"])
def test_newest_first_and_oldest_first_are_the_same(tmp_path, repeats):
    rows, last = events()
    shuffled = random.Random(1).sample(rows, len(rows))
    found = [read(tmp_path, order, repeats=repeats) for order in (rows, rows[::-1], shuffled)]
    splits = [LeaveOneOut()(data) for data in found]
    assert len({data.card["sha256"] for data in found}) == 1
    assert len({split.fingerprint for split in splits}) == 1
    wanted = {user: item for user, item, _ in rows} if repeats == "last" else last  # by the order of the list
    assert all(held_out(data, split) == wanted for data, split in zip(found, splits, strict=True))  # 40 of 40
    words = {"last": "last kept, by time", "sum": "weights added up, first kept, by time"}
    assert found[0].card["cleaning"][1]["filter"] == f"repeated pairs: {words.get(repeats, 'first kept, by time')}"

"""Repeated pairs: the same events in any order of the file give the same data set, split and digest."""

import random

import pytest

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.splits import LeaveOneOut, UserTime
from ltgnn.data.splitting import count_ties
from ltgnn.types import UserError
from tests.data.readers import reader

USERS, ITEMS = 40, 7


def events():
    """Each user buys 7 items, one of them twice: (user, item, time); and each user's last new item."""
    draw = random.Random(0)
    rows, last = [], {}
    for user in range(USERS):
        items = draw.sample(range(30), ITEMS)
        times = [1_600_000_000 + 1000 * user + 10 * n for n in range(ITEMS)]
        rows += [(f"u{user}", f"i{item}", time) for item, time in zip(items, times, strict=True)]
        rows.append((f"u{user}", f"i{items[0]}", times[-1] + 50))  # the first item again, last of all
        last[f"u{user}"] = f"i{items[-1]}"
    return rows, last


def read(folder, rows, header="user_id,item_id,t", **keys):
    (folder / "interactions.csv").write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    columns = {name: name for name in ("time",) if name in header} or ({"time": "t"} if ",t" in header else {})
    return load(lambda: folder, reader("table", **columns), Cleaning(None, None, None, 1, 1, False, False, **keys))


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


def test_times_belong_to_the_digest(tmp_path):
    rows, _ = events()
    later = [(user, item, time + (user == "u3")) for user, item, time in rows]
    assert read(tmp_path, rows).card["sha256"] != read(tmp_path, later).card["sha256"]


def test_ties_are_stated_or_broken_by_item(tmp_path, caplog):
    rows = [(f"u{user}", f"i{item}", 1_600_000_000 + item // 2) for user in range(5) for item in range(6)]
    data, turned = read(tmp_path, rows), read(tmp_path, rows[::-1])
    assert data.card["sha256"] == turned.card["sha256"]
    assert LeaveOneOut()(data).fingerprint != LeaveOneOut()(turned).fingerprint
    sentence = "5 of 5 users have pairs of one time on both sides of the cut"
    assert sentence in count_ties(LeaveOneOut()(data))[0]
    assert (
        f"{sentence}; which of these are held out was decided by the order of the file (split.ties=item" in caplog.text
    )
    for split in (LeaveOneOut("item"), UserTime(0.2, 0.2, "item")):
        assert split(data).fingerprint == split(turned).fingerprint
        assert split(data).name.endswith("by item id")
    with pytest.raises(UserError, match=r"split\.ties=time: wanted file or item"):
        LeaveOneOut("time")(data)


def test_no_tie_no_word(tmp_path):
    assert count_ties(LeaveOneOut()(read(tmp_path, events()[0]))) == []

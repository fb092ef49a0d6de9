"""The sha256 of a data set: ids, what is known of the items, and each part's pairs, times and weights."""

from __future__ import annotations

import hashlib

import numpy as np

from ltgnn.types import Dataset
from tests.data.narrow_case import NUM_ITEMS, NUM_USERS
from tests.data.repeats_case import events, read


def test_the_digest_is_over_whole_keys(data: Dataset) -> None:
    pairs = zip(data.parts["all"].users.tolist(), data.parts["all"].items.tolist(), strict=True)
    times = data.parts["all"].times.tolist()
    keyed = sorted((user * NUM_ITEMS + item, time) for (user, item), time in zip(pairs, times, strict=True))
    keys = [key for key, _ in keyed]
    assert keys[-1] > 2**31
    texts = b"".join("\0".join(str(n) for n in range(size)).encode() + b"\1" for size in (NUM_USERS, NUM_ITEMS))
    wanted = hashlib.sha256(texts + b"all" + np.array(keys, dtype=np.int64).tobytes())
    wanted.update(b"times" + hashlib.sha256(np.array([time for _, time in keyed]).tobytes()).digest())
    assert data.card["sha256"] == wanted.hexdigest()


def test_times_belong_to_the_digest(tmp_path):
    rows, _ = events()
    later = [(user, item, time + (user == "u3")) for user, item, time in rows]
    assert read(tmp_path, rows).card["sha256"] != read(tmp_path, later).card["sha256"]

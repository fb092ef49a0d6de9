"""The mechanics of splits: ranks within users, shares, and the check that no part is empty."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.export import write_processed
from ltgnn.data.splits import ColdItems, Folds, GlobalTime, LeaveOneOut, NewItems, Official, RandomSplit, UserTime
from ltgnn.data.splitting import count_ties
from ltgnn.types import Dataset, UserError
from tests.data.narrow_case import narrow, wide
from tests.data.readers import reader
from tests.data.repeats_case import events, read

EVERY_SPLIT = [
    RandomSplit(0.34, 0.34, 0), LeaveOneOut(), UserTime(0.34, 0.34), GlobalTime(0.1, 0.1), ColdItems(0.1, 0.1, 0),
    NewItems(0.1, 0.1), Folds(4, 1, 0),
]  # fmt: skip


@pytest.mark.parametrize("protocol", EVERY_SPLIT, ids=lambda split: type(split).__name__)
def test_every_split(data: Dataset, protocol: RandomSplit, tmp_path: Path) -> None:
    """Wide parts that hold the pairs; written in parts and read again they are the same."""
    split = protocol(data)
    parts = {"train": split.train, "val": split.val, "test": split.test}
    assert all(wide(part) for part in parts.values())
    keys = torch.cat([part.keys for part in parts.values()])
    assert torch.equal(keys.sort().values, data.parts["all"].keys.sort().values)
    if isinstance(protocol, LeaveOneOut):
        write_processed(tmp_path / "out", data, parts, {})
        again = load(lambda: tmp_path / "out", reader("processed"), Cleaning(None, None, None, 1, 1, True, True))
        assert all(narrow(part) for part in again.parts.values())
        assert Official(0.0, 0)(again).fingerprint == split.fingerprint
        assert wide(Official(0.1, 0)(again).train)


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

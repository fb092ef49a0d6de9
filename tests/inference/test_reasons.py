"""A reason for each recommended item: a fact of the data that a customer can read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ltgnn


def test_reasons_are_facts(runs: dict[str, Path]) -> None:
    model = ltgnn.load(runs["gnn"])
    train = model.split.train
    owners = [set(train.users[train.items == item].tolist()) for item in range(train.num_items)]
    titles = list(model.catalogue.titles)
    frame = model.recommend(k=8)
    kinds = set()
    because = "recommended because"
    number_of_users = r"(?:its only user does|(\d+) of the (\d+) users of this item do(?:es)?)"
    for user, item, reason in frame.select("user", "item", "reason").iter_rows():
        history = train.items[train.users == model.catalogue.user(user)].tolist()
        number = model.catalogue.item(item)
        if match := re.fullmatch(f'{because} you have "(.*)", as {number_of_users}', reason):
            other, common_users = titles.index(match[1]), (int(match[2] or 1), int(match[3] or 1))
            assert other in history
            common = [len(owners[number] & owners[j]) / (len(owners[number]) * len(owners[j])) ** 0.5 for j in history]
            assert common_users == (len(owners[number] & owners[other]), len(owners[number]))
            assert common[history.index(other)] == pytest.approx(max(common))
            kinds.add("users")
        elif match := re.fullmatch(f'{because} it is similar to "(.*)", which you have \\(similarity (.*)\\)', reason):
            assert titles.index(match[1]) in history
            assert not any(owners[number] & owners[j] for j in history)
            kinds.add("text")
        else:
            assert re.fullmatch(r"(popular: )?\d+ users? ha(s|ve) it|new: no user has it yet", reason)
    assert "users" in kinds

"""Groups by fields, against counting by hand."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from ltgnn.data.field_groups import EventsByField, UsersByField, UsersByMainValue
from ltgnn.types import EventField, Groups, Interactions, UserError

VALUES = ("app", "store", "we/b")


def pairs(rows: list[tuple[int, int, int]], users: int = 4, items: int = 9) -> Interactions:
    """(user, item, code of the channel)"""
    table = torch.tensor(rows, dtype=torch.int64)
    channel = EventField(table[:, 2].int(), VALUES)
    return Interactions(table[:, 0], table[:, 1], users, items, fields={"channel": channel})


TRAIN = pairs([(0, 0, 1), (0, 1, 1), (0, 2, 0), (1, 0, 0), (1, 1, 2), (2, 3, 2), (2, 4, 2), (2, 5, 1)])
HELD = pairs([(0, 6, 2), (1, 6, 0), (2, 6, 1), (3, 6, 1)])


def named(groups: Groups) -> list[str]:
    return [groups.names[label] for label in groups.labels.tolist()]


def test_held_out_pairs_are_grouped_by_their_event() -> None:
    groups = EventsByField("channel", 10).group_events(HELD, TRAIN)
    assert groups.names == ("store", "we_b", "app"), "by train pairs 3, 3, 2; a tie by held-out pairs"
    assert named(groups) == ["we_b", "app", "store", "store"]
    assert groups.sizes == {"store": 2, "we_b": 1, "app": 1}
    few = EventsByField("channel", 1).group_events(HELD, TRAIN)
    assert (few.names, named(few)) == (("store", "other"), ["other", "other", "store", "store"])
    assert few.rule == "held-out pairs by channel of the event, the 1 most frequent of 3 values"


def test_users_are_grouped_by_the_value_of_most_of_their_train_pairs() -> None:
    groups = UsersByMainValue("channel", 10).group_users(TRAIN, {})
    assert groups.names == ("store", "we_b", "app", "none")
    assert named(groups) == ["store", "we_b", "we_b", "none"], "of 1's two values the more frequent of all"


def test_a_value_is_not_taken_for_the_users_without_train_pairs() -> None:
    table = torch.tensor([0, 1])
    train = Interactions(table, table, 2, 2, fields={"channel": EventField(table.int(), ("app", "none"))})
    with pytest.raises(UserError, match="a value is called 'none'"):
        UsersByMainValue("channel", 10).group_users(train, {})


def test_main_values_are_those_of_counting() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = [(u, i, int(torch.randint(3, (1,), generator=generator))) for u in range(6) for i in range(u + 1)]
    train = pairs(rows, 7)
    groups = UsersByMainValue("channel", 10).group_users(train, {})
    total = Counter(code for _, _, code in rows)
    for user in range(6):
        own = Counter(code for u, _, code in rows if u == user)
        best = max(own, key=lambda code: (own[code], total[code], -code))
        assert groups.names[int(groups.labels[user])] == VALUES[best].replace("/", "_")
    assert groups.names[int(groups.labels[6])] == "none"


def test_users_are_grouped_by_a_field_of_their_own() -> None:
    groups = UsersByField("country", 10).group_users(TRAIN, {"country": ["es", "fr", "es", ""]})
    assert (groups.names, named(groups)) == (("es", "fr", "unknown"), ["es", "fr", "es", "unknown"])


def test_wrong_fields_are_named() -> None:
    with pytest.raises(
        UserError, match=r"eval.event_groups: field=device: no such field of events; there are: channel"
    ):
        EventsByField("device", 3).group_events(HELD, TRAIN)
    with pytest.raises(UserError, match=r"eval.user_groups: field=device: no such field of events"):
        UsersByMainValue("device", 3).group_users(TRAIN, {})
    with pytest.raises(UserError, match="field=city: no such field of users; there are: country"):
        UsersByField("city", 3).group_users(TRAIN, {"country": ["", "", "", ""]})
    with pytest.raises(UserError, match="the data have none"):
        UsersByField("city", 3).group_users(TRAIN, {})
    with pytest.raises(UserError, match="two values of a field give the group 'a_b'"):
        UsersByField("city", 3).group_users(TRAIN, {"city": ["a/b", "a_b", "", ""]})

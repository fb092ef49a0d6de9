"""Train on some channels, test on others: which pair is where, and what is refused."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from ltgnn.data.field_split import ByField
from ltgnn.types import Dataset, EventField, Interactions, Split, UserError

VALUES = ("app", "store", "web")
GENERATOR = torch.Generator().manual_seed(1)
USERS, ITEMS = 5, 20
ROWS = [
    (user, int(item), int(torch.randint(3, (1,), generator=GENERATOR)))
    for user in range(USERS)
    for item in torch.randperm(ITEMS, generator=GENERATOR)[: 3 + 3 * user]
]


def dataset(parts: int = 1) -> Dataset:
    table = torch.tensor(ROWS)
    field = EventField(table[:, 2].int(), VALUES)
    pairs = Interactions(table[:, 0], table[:, 1], USERS, ITEMS, fields={"channel": field})
    if parts == 1:
        found = {"all": pairs}
    else:
        rows = torch.arange(len(ROWS))
        found = {"train": pairs.select(rows[:20]), "test": pairs.select(rows[20:])}
    return Dataset("toy", found, [str(u) for u in range(USERS)], [str(i) for i in range(ITEMS)])


def split(parts: int = 1, **keys: Any) -> Split:
    defaults = {"field": "channel", "test_values": ["store"], "val_values": [], "val": 0.25, "seed": 0}
    return ByField(**(defaults | keys))(dataset(parts))


def named(pairs: Interactions) -> set[tuple[int, int, int]]:
    return set(zip(pairs.users.tolist(), pairs.items.tolist(), pairs.fields["channel"].codes.tolist(), strict=True))


@pytest.mark.parametrize("parts", [1, 2])
def test_test_is_all_of_its_values_and_validation_a_share_of_the_rest(parts: int) -> None:
    cut = split(parts)
    assert named(cut.test) == {row for row in ROWS if VALUES[row[2]] == "store"}
    assert named(cut.train) | named(cut.val) == {row for row in ROWS if VALUES[row[2]] != "store"}
    assert not named(cut.train) & named(cut.val)
    rest = Counter(user for user, _, code in ROWS if VALUES[code] != "store")
    held = Counter(user for user, _, _ in named(cut.val))
    assert {user: held[user] for user in rest} == {user: min(size // 4, size - 1) for user, size in rest.items()}
    assert cut.name == "by channel, test store, validation 25 % of each user's others, seed 0"
    assert split(parts, seed=1).fingerprint != cut.fingerprint


def test_validation_by_values() -> None:
    cut = split(test_values=["store"], val_values=["app"])
    for part, value in ((cut.test, "store"), (cut.val, "app"), (cut.train, "web")):
        assert named(part) == {row for row in ROWS if VALUES[row[2]] == value}
    assert cut.name == "by channel, test store, validation app"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"test_values": []},
            r"split.test_values=\[\]: wanted one value or more; the values of channel are app, store",
        ),
        ({"test_values": ["shop"]}, r"split.test_values=\[shop\]: no event has shop; .* app, store, web"),
        ({"val_values": ["shop"]}, r"split.val_values=\[shop\]: no event has shop"),
        ({"val_values": ["store"]}, "split.val_values and split.test_values both have store"),
        ({"test_values": ["app", "store", "web"]}, "leaves train and validation empty"),
        ({"test_values": ["app"], "val_values": ["store", "web"]}, "leaves train empty"),
        ({"field": "device"}, "split.field=device: no such field of events; there are: channel"),
    ],
)
def test_what_cannot_be_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        split(**keys)

"""Events after training: kept and weighed as the import did."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.data.new_events import read_events
from ltgnn.data.source_columns import SourceColumns
from ltgnn.types import UserError

ROLES = ("user", "item", "weight", "event", "rating")
UNSAID = dict.fromkeys(ROLES, "")
SHOP = SourceColumns("who", "what", weight="n", event="action", event_weights={"buy": 5.0, "view": 0.0})
LOG = "who,what,action,n,stars\na,x,buy,2,5\na,y,view,9,5\nb,x,buy,1,1\n"


@pytest.fixture
def log(tmp_path: Path) -> str:
    file = tmp_path / "today.csv"
    file.write_text(LOG)
    return str(file)


def test_weights_of_the_import(log: str) -> None:
    """Number times worth of the kind; the view, worth 0, is left out."""
    events = read_events(log, UNSAID, {}, SHOP)
    assert events.pairs == [("a", "x"), ("b", "x")]
    assert events.weights == [10.0, 5.0]
    assert events.left_out == {"without weight": 1}


def test_each_row_counts_alike_where_that_is_said(log: str) -> None:
    events = read_events(log, {**UNSAID, "event": "none", "weight": "none"}, {}, SHOP)
    assert (events.pairs, events.weights) == ([("a", "x"), ("a", "y"), ("b", "x")], None)
    assert read_events(log, {**UNSAID, "event": "none"}, {}, SHOP).weights == [2.0, 9.0, 1.0]


def test_the_least_rating_of_the_import(log: str) -> None:
    events = read_events(log, UNSAID, {}, SourceColumns("who", "what", rating="stars", min_rating=4.0))
    assert (events.pairs, events.left_out) == ([("a", "x"), ("a", "y")], {"rated below 4": 1})


def test_weights_that_the_import_lacks(log: str) -> None:
    known = SourceColumns("who", "what", event="action", event_weights={"buy": 5.0})
    with pytest.raises(
        UserError, match=r"today.csv, line 3, column 'action': the event 'view' .* event_weight.view=0$"
    ):
        read_events(log, UNSAID, {}, known)
    assert read_events(log, UNSAID, {"view": 0.5}, known).weights == [5.0, 0.5, 5.0]
    said = {**UNSAID, "event": "action"}
    with pytest.raises(UserError, match=r"event=action: no weight of an event is known: event_weight.EVENT=NUMBER"):
        read_events(log, said, {}, SourceColumns("who", "what"))
    with pytest.raises(UserError, match=r"event_weight.buy= given, but not the column of the events: event=COLUMN"):
        read_events(log, UNSAID, {"buy": 1.0}, SourceColumns("who", "what"))


def test_a_file_without_the_column(tmp_path: Path) -> None:
    file = tmp_path / "bare.csv"
    file.write_text("who,what\na,x\n")
    with pytest.raises(UserError, match=r"no column 'n', the weight of each event; it has: who, what. .*weight=none"):
        read_events(str(file), UNSAID, {}, SHOP)
    file.write_text("who,what,action,n\n")
    with pytest.raises(UserError, match=r"events=.*bare.csv has no rows; wanted a user and an item in each"):
        read_events(str(file), UNSAID, {}, SHOP)
    file.write_text("who,what,action,n\na,x,buy,many\n")
    with pytest.raises(UserError, match=r"'many' is not a number. .* another column \(weight=, rating=\)"):
        read_events(str(file), UNSAID, {}, SHOP)

"""A log with a row for each event: what a kind of event is worth, by hand, from the command line and from Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import ltgnn
from ltgnn.commands.data import main
from ltgnn.types import Dataset, UserError

LOG = {
    "user_id": ["a", "a", "a", "b", "b"],
    "item_id": ["x", "x", "y", "x", "z"],
    "action": ["click", "purchase", "click", "click", "view"],
    "n": [1, 2, 3, 1, 1],
}

WORTH = {"click": 1.0, "purchase": 5.0, "view": 0.0}

WORDS = [f"--event-weight={event}={worth:g}" for event, worth in WORTH.items()]


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log as log.csv in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_DATA", str(tmp_path / "data"))
    rows = [LOG, *zip(*LOG.values(), strict=True)]
    Path("log.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")


def weights(data: Dataset) -> dict[str, float]:
    """Weight of each pair, by the letters of user and item."""
    pairs = data.parts["all"]
    assert pairs.weights is not None
    rows = zip(pairs.users.tolist(), pairs.items.tolist(), pairs.weights.tolist(), strict=True)
    return {data.user_ids[user] + data.item_ids[item]: weight for user, item, weight in rows}


def imported(words: Sequence[str]) -> Dataset:
    assert main(["import", "log.csv", *words, "--out", "there"]) == 0
    return ltgnn.load_dataset("there")


@pytest.mark.parametrize(
    ("weight", "wanted"),
    [
        (None, {"ax": 1 + 5, "ay": 1, "bx": 1}),
        ("n", {"ax": 1 * 1 + 2 * 5, "ay": 3 * 1, "bx": 1}),
    ],
)
def test_events_are_weighed_and_added_up(weight: str | None, wanted: dict[str, float]) -> None:
    """The view, worth 0, leaves b without z, and z without an interaction."""
    theirs = imported(["--event", "action", *WORDS, *([] if weight is None else ["--weight", weight])])
    ours = ltgnn.Dataset.from_frames(LOG, name="there", weight=weight, event="action", event_weights=WORTH)
    assert weights(theirs) == weights(ours) == wanted
    assert theirs.card["sha256"] == ours.card["sha256"]
    assert ours.item_ids[:] == ["x", "y"]


def test_a_column_of_weights_alone() -> None:
    theirs = imported(["--weight", "n"])
    assert weights(theirs) == {"ax": 1 + 2, "ay": 3, "bx": 1, "bz": 1}
    assert weights(ltgnn.Dataset.from_frames(LOG, weight="n")) == weights(theirs)


@pytest.mark.parametrize(
    ("words", "arguments", "said", "said_here"),
    [
        (
            ["--event", "action", *WORDS[:1]],
            {"event": "action", "event_weights": {"click": 1}},
            r"log\.csv, line 3, column 'action': the event 'purchase' has no weight.*--event-weight purchase=0$",
            r"interactions, row 2, column 'action': the event 'purchase'.*event_weights=\{'purchase': 0\}$",
        ),
        (["--event", "action"], {"event": "action"}, "^--event action: no weight", r"event_weights=\{'purchase': 5\}"),
        (WORDS[:1], {"event_weights": {"click": 1}}, "--event COLUMN$", "event='COLUMN'$"),
        (
            ["--event", "action", "--event-weight=click=-1"],
            {"event": "action", "event_weights": {"click": -1}},
            r"^--event-weight click=-1\.0: a number of 0 or more wanted",
            r"^event_weights=\{'click': -1\.0\}: a number of 0 or more",
        ),
        (
            ["--event", "action", "--event-weight", "click"],
            {"event": "action", "event_weights": ["click"]},
            "--event-weight 'click': expected EVENT=NUMBER",
            r"event_weights=\['click'\] given, a weight for each event wanted",
        ),
        (["--weight", "action"], {"weight": "action"}, "line 2, column 'action': 'click' is not a number", "row 1"),
        (["--event", "kind", *WORDS], {"event": "kind"}, "no column 'kind'", "event='kind': interactions has no such"),
    ],
)
def test_bad_input(words: list[str], arguments: dict[str, object], said: str, said_here: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        imported(words)
    assert "data.reader" not in str(caught.value)
    with pytest.raises(UserError, match=said_here) as caught:
        ltgnn.Dataset.from_frames(LOG, **arguments)  # type: ignore[arg-type]
    assert "data.reader" not in str(caught.value)

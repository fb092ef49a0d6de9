"""Answers: hand values, the small set of questions, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.cli import main
from ltgnn.inference.search.faq import THRESHOLD, Answers, best_threshold, evaluate
from ltgnn.types import UserError
from tests.conftest import CONF
from tests.toy import Words

HERE = Path(__file__).parent
FAQ = HERE / "faq.csv"
TOY = ["features=words", f"config_dir={CONF}"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))


def small(threshold: float = 0.5) -> Answers:
    return Answers(["red socks", "green tea"], ["woollen ones", "from china"], Words(64), threshold)


def test_the_nearest_row_above_the_threshold_or_none() -> None:
    (first, *_) = small()("red socks")
    assert (first.question, first.answer, first.row) == ("red socks", "woollen ones", 0)
    assert first.likeness == pytest.approx(1.0, abs=1e-6)
    assert small()("from china", 1)[0].row == 1  # by its answer
    assert small()("blue whale") == []
    assert small(-1.0)("blue whale", 1)
    with pytest.raises(UserError, match="threshold"):
        small(2.0)
    with pytest.raises(UserError, match="the query is empty"):
        small()("  ")
    with pytest.raises(UserError, match="no question"):
        Answers([], [], Words(8), 0.5)


def test_judgement_by_hand() -> None:
    likeness, correct = [0.9, 0.8, 0.2, 0.6, 0.1], [True, False, True, False, False]
    answerable = [True, True, True, False, False]
    at_half = evaluate(likeness, correct, answerable, 0.5)
    assert (at_half.right, at_half.wrong, at_half.declined) == (1, 2, 1)
    assert at_half.accuracy == pytest.approx(2 / 5)
    low = evaluate(likeness, correct, answerable, 0.15)
    assert (low.right, low.wrong, low.declined, low.accuracy) == (2, 2, 1, 0.6)
    best = best_threshold(likeness, correct, answerable)
    accuracies = [evaluate(likeness, correct, answerable, n / 100).accuracy for n in range(-100, 101)]
    assert evaluate(likeness, correct, answerable, best).accuracy == max(accuracies) == 0.6


def test_the_small_set_with_minilm(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The rows that did not choose the threshold: experiments/search/answers.md."""
    lines = (HERE / "questions.csv").read_text().splitlines()
    (tmp_path / "odd.csv").write_text("\n".join([lines[0], *lines[2::2]]) + "\n")
    assert main(["answers", str(FAQ), f"evaluate={tmp_path / 'odd.csv'}"]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith(f"threshold {THRESHOLD:.2f}: ")
    accuracy = float(line.rpartition(" ")[2])
    assert accuracy == pytest.approx(0.85, abs=0.02)


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["answers", str(FAQ), "Are you hiring?", *TOY, "k=1", "format=json"]) == 0
    reply = json.loads(capsys.readouterr().out)
    assert reply["answered"] is True
    assert reply["answers"][0]["answer"] == "Open positions are on our page Jobs."
    assert main(["answers", str(FAQ), "zebra", *TOY, "threshold=0.9"]) == 0
    assert "No answer: nothing reaches a likeness of 0.9" in capsys.readouterr().out
    assert main(["answers", str(FAQ), "zebra", *TOY, "threshold=0.9", "format=json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"answered": False, "answers": []}
    assert main(["answers", "--help"]) == 0
    assert "ltgnn answers faq.csv" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv", "x"], "nowhere.csv"),
        ([str(FAQ), ""], "the query is empty"),
        ([str(FAQ), "x", "k=0"], "k=0"),
        ([str(FAQ), "x", "threshold=high"], "threshold=high"),
        ([str(FAQ), "x", "question=nope"], "nope"),
        ([str(FAQ), "how", "long"], "in quotes"),
        ([str(FAQ), "x", "features=none"], "no encoder"),
    ],
)
def test_mistakes(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    toy = TOY if "features=none" not in arguments else [f"config_dir={CONF}"]
    assert main(["answers", *arguments, *toy]) == 1
    assert message in capsys.readouterr().err

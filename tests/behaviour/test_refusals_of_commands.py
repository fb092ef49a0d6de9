"""The real commands: one message on stderr, exit code 1, nothing loaded and no job of a sweep begun."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.cli import main

Refuse = Callable[..., list[str]]


@pytest.fixture
def refuse(empty: Path, capfd: pytest.CaptureFixture[str]) -> Refuse:
    """The lines on stderr of ``ltgnn WORDS``, which has to fail."""

    def lines(*words: str) -> list[str]:
        assert main(words) == 1
        return capfd.readouterr().err.strip().split("\n")

    return lines


def test_a_process_says_it_on_stderr_and_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ltgnn.cli", "train", "dim=-3"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("ltgnn: dim=-3 given, a whole number of at least 1 wanted.")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train", "dim=-3"], "ltgnn: dim=-3 given, a whole number of at least 1 wanted."),
        (["train", "fusion=[id,sum]"], "ltgnn: fusion=[id,sum] given, one option wanted: attention, "),
        (["train", "data.reader.separator=;"], "'data.reader.separator=\";\"'"),
        (["train", "data.reader.separator=,"], "'data.reader.separator=\",\"'"),
        (
            ["train", "loss=bpr,softmax"],
            "ltgnn: loss=bpr,softmax given, one value wanted. To run one after ",
        ),
        (["train", "eval.ks={a:1}"], "ltgnn: eval.ks={a:1} given, a list wanted."),
        (["train", "model=null"], "ltgnn: model=null given, one option wanted: alpharec, als, "),
        (["train", "eval.ks=[]"], "ltgnn: eval.ks=[] given, a list that is not empty (a whole number"),
        (["train", "score.weight=1"], "score=content has score.adjustments.content.weight."),
        (["train", "score=content", "score.weight=1"], "Did you mean 'score.adjustments.content.weight'?"),
        (
            ["train", "features=none", "fusion=sum"],
            "ltgnn: fusion=sum needs item features, but features=none was given.",
        ),
        (["evaluate", "score=typo"], "score= needs a trained model: name one by run=DIR."),
        (["data", "import", "amazon2023", "--out", "x", "data.files.path="], "data.files has name, folder, origin"),
        (["data", "stats", "ml100k", "split.val=2"], "ltgnn: split.val=2 given, a number above 0 and less than 1"),
        (["recommend", "run=.", "rules.tail.share=3", "rules=tail"], "rules.tail.share=3 given, a number from 0 to 1"),
    ],
)
def test_one_message(words: list[str], line: str, refuse: Refuse) -> None:
    (said,) = refuse(*words)
    assert line in said


def test_a_sweep_names_what_is_wrong_in_any_job_once_and_begins_none(refuse: Refuse, tmp_path: Path) -> None:
    lines = refuse("train", "-m", "dim=8,0", "lr=1e-3,abc", f"paths.log_dir={tmp_path}/logs")
    assert [line.partition(" (job")[0] for line in lines] == [
        "ltgnn: dim=0 given, a whole number of at least 1 wanted.",
        "lr=abc given, a number above 0 wanted.",
    ]
    assert not list(tmp_path.rglob("status.json"))


def test_the_ends_of_a_search_are_tried_before_its_first_job(refuse: Refuse, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    (said,) = refuse("train", "-m", "hydra/sweeper=optuna", "lr=interval(-1,1)", f"paths.log_dir={tmp_path}")
    assert "lr=-1.0 given, a number above 0 wanted." in said
    assert not list(tmp_path.rglob("status.json"))

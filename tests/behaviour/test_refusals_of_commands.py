"""The real commands: one message on stderr, exit code 1, nothing loaded and no job of a sweep begun."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def run(folder: Path, *words: str) -> tuple[int, list[str]]:
    """Exit code and lines on stderr of ``ltgnn WORDS``."""
    done = subprocess.run(
        [sys.executable, "-m", "ltgnn.cli", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stderr.strip().split("\n")


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
def test_one_message(words: list[str], line: str, tmp_path: Path) -> None:
    code, lines = run(tmp_path, *words)
    assert code == 1
    assert len(lines) == 1
    assert line in lines[0]


def test_a_sweep_names_what_is_wrong_in_any_job_once_and_begins_none(tmp_path: Path) -> None:
    code, lines = run(tmp_path, "train", "-m", "dim=8,0", "lr=1e-3,abc", f"paths.log_dir={tmp_path}/logs")
    assert code == 1
    assert [line.partition(" (job")[0] for line in lines] == [
        "ltgnn: dim=0 given, a whole number of at least 1 wanted.",
        "lr=abc given, a number above 0 wanted.",
    ]
    assert not list(tmp_path.rglob("status.json"))


def test_the_ends_of_a_search_are_tried_before_its_first_job(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    code, lines = run(tmp_path, "train", "-m", "hydra/sweeper=optuna", "lr=interval(-1,1)", f"paths.log_dir={tmp_path}")
    assert code == 1
    assert len(lines) == 1
    assert "lr=-1.0 given, a number above 0 wanted." in lines[0]
    assert not list(tmp_path.rglob("status.json"))

"""A run evaluated again from Python: the folder, numbers and messages of ``ltgnn evaluate run=``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ltgnn
from ltgnn.cli import main
from ltgnn.testing import toy
from tests.experiment.conftest import SMALL

TIMES = ("seconds", "started", "finished")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ltgnn.Run]:
    """Trained with text, in an empty working directory."""
    folder = tmp_path_factory.mktemp("again")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_DATA", str(folder / "data"))
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        shop = ltgnn.Dataset.from_frames(*toy.frames(), name="toy")
        yield ltgnn.train(shop, fusion="sum", features="tfidf", folder="trained", progress=False, **SMALL)


def numbers(folder: Path) -> dict[str, Any]:
    """metrics.json without times."""
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return {key: value for key, value in found.items() if key not in TIMES}


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_unchanged_it_has_its_own_numbers(run: ltgnn.Run) -> None:
    again = run.evaluate(progress=False)
    assert again.folder.parent == Path("logs/evaluate/runs").resolve()
    assert again.test == pytest.approx(run.test, abs=1e-9)
    assert again.val == pytest.approx(run.val, abs=1e-9)
    assert again.fingerprint == run.fingerprint
    assert again.option("fusion") == "sum"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"groups": "all"}, ["groups=all"]),
        ({"split": "leave_one_out"}, ["split=leave_one_out"]),
        (
            {"score": "popularity", "overrides": {"score.norm_power": 0.5, "eval.ks": [3, 20]}},
            ["score=popularity", "score.norm_power=0.5", "eval.ks=[3,20]"],
        ),
    ],
)
def test_it_is_the_command(run: ltgnn.Run, arguments: dict[str, Any], words: list[str]) -> None:
    """Oracle: the command line in a folder of its own, and the command that the run itself names."""
    name = "_".join(arguments)
    ours = run.evaluate(folder=f"ours-{name}", progress=False, **arguments)
    assert main(["evaluate", "run=trained", *words, f"hydra.run.dir=theirs-{name}"]) == 0
    assert numbers(ours.folder) == numbers(Path(f"theirs-{name}"))
    assert files(ours.folder) == files(Path(f"theirs-{name}"))
    assert ours.option("score") == arguments.get("score", run.option("score"))
    line = shlex.split(ours.command)
    assert line[:2] == ["ltgnn", "evaluate"]
    assert main([*line[1:], f"hydra.run.dir=repeated-{name}"]) == 0
    assert numbers(ours.folder) == numbers(Path(f"repeated-{name}"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"overrides": ["model=ease"]}, "'model=ease' changes the model or its data, but run=... is evaluated"),
        ({"score": "popularty"}, "Did you mean 'score=popularity'"),
        ({"split": ["random", "leave_one_out"]}, "one option wanted"),
        ({"groups": "all", "overrides": "eval.ks=[5]"}, "a list or a dict wanted"),
    ],
)
def test_wrong_arguments(run: ltgnn.Run, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ltgnn.UserError, match=said):
        run.evaluate(progress=False, **arguments)


def test_the_run_behind_it_has_data_and_model(run: ltgnn.Run) -> None:
    again = run.evaluate(folder="behind", progress=False)
    assert again.dataset.overrides == run.dataset.overrides
    assert set(again.per_user["user"]) <= set(run.dataset.user_ids)
    lists = ltgnn.evaluate(again.topk.drop("rank"), again.dataset, progress=False)
    assert lists.test["ndcg@20"] == pytest.approx(run.test["ndcg@20"])
    for call in (lambda: again.recommend(["u1"]), lambda: again.evaluate(progress=False)):
        with pytest.raises(ltgnn.UserError, match=r"behind is an evaluation of the run .*trained, which has the model"):
            call()


def test_the_data_of_a_run_with_official_parts(run: ltgnn.Run) -> None:
    events, _ = toy.frames()
    rows = range(len(events["user_id"]))
    chosen = {"train": [row for row in rows if row % 6], "test": [row for row in rows if not row % 6]}
    parts = {part: {name: [events[name][row] for row in kept] for name in events} for part, kept in chosen.items()}
    official = ltgnn.Dataset.from_frames(parts, name="parts")
    first = ltgnn.train(official, model="ease", features="none", progress=False)
    assert set(first.dataset.overrides) == set(official.overrides)
    assert ltgnn.train(first.dataset, model="ease", features="none", progress=False).test == first.test


def test_lists_have_no_model(run: ltgnn.Run) -> None:
    lists = ltgnn.evaluate(run.topk.drop("rank"), run.dataset, progress=False)
    for call in (lambda: lists.evaluate(progress=False), lambda: lists.recommend(["u1"]), lambda: lists.embeddings):
        with pytest.raises(ltgnn.UserError, match="has no model: it is an evaluation of the lists in") as caught:
            call()
        assert str(lists.folder) in str(caught.value)
    line = shlex.split(lists.command)
    assert line[:2] == ["ltgnn", "evaluate"]
    assert main([*line[1:], "hydra.run.dir=lists-again"]) == 0
    assert numbers(lists.folder) == numbers(Path("lists-again"))

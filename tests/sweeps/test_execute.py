"""One job in this process: claimed, run, recorded, and nothing of it left behind."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run_folders
from tests.sweeps.toy import ended, journal, numbers, start

Launch = Callable[..., int]


def test_killed_and_started_again_is_as_if_never_killed(shop: Path, tmp_path: Path) -> None:
    grid = ["fusion=id,sum", "loss=bpr,softmax"]
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = start(tmp_path / "whole", shop, *grid)
    first = start(tmp_path / "killed", shop, *grid)
    sweeps = tmp_path / "killed/logs/train/multiruns"
    while first.poll() is None and len(list(sweeps.glob("*/*/metrics.json"))) < 2:
        time.sleep(0.005)
    while first.poll() is None and not list(sweeps.glob("*/002*/status.json")):  # within the third job
        time.sleep(0.001)
    first.send_signal(signal.SIGKILL)
    assert ended(first)[0] == -signal.SIGKILL
    (sweep,) = sweeps.iterdir()
    before = [folder for event, folder in journal(sweep) if event == "finished"]
    broken = [folder for event, folder in journal(sweep) if event == "begins" and folder not in before]
    assert 2 <= len(before) <= 3
    assert len(broken) == 1
    old = {name: (sweep / name / "metrics.json").stat().st_mtime_ns for name in before}

    code, printed = ended(start(tmp_path / "killed", shop, *grid))
    assert code == 0
    assert "resuming " in printed
    assert list(sweeps.iterdir()) == [sweep]
    began = Counter(folder for event, folder in journal(sweep) if event == "begins")
    assert len(began) == 4
    assert began == {**dict.fromkeys(began, 1), broken[0]: 2}  # only the broken one a second time
    assert {name: (sweep / name / "metrics.json").stat().st_mtime_ns for name in before} == old
    assert all(len(list(f.glob("wandb/offline-run-*/run-*.wandb"))) == 1 for f in run_folders(sweep))
    assert ended(whole)[0] == 0
    (uninterrupted,) = (tmp_path / "whole/logs/train/multiruns").iterdir()
    assert numbers(sweep) == numbers(uninterrupted)
    assert table(printed) == table(show(uninterrupted))

    code, printed = ended(start(tmp_path / "killed", shop, *grid, f"sweep.dir={sweep}"))  # once more: nothing to do
    assert code == 0
    assert "4 skipped" in printed
    assert len([event for event, _ in journal(sweep) if event == "begins"]) == 5


def table(printed: str) -> list[list[str]]:
    """Rows of the table of runs, without their seconds."""
    rows = [line.split() for line in printed.splitlines()]
    return [row[:-1] for row in rows if len(row) > 10 and row[0].isdigit()]


def show(sweep: Path) -> str:
    import contextlib
    import io

    from ltgnn.analysis import table as runs

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        runs.show([sweep])
    return printed.getvalue()


def test_three_processes_share_one_sweep(shop: Path, tmp_path: Path) -> None:
    grid = ["fusion=id,sum,gate", "seed=1,2,3", "sweep.name=shared", "logger=none"]
    outputs = [ended(process) for process in [start(tmp_path, shop, *grid, epochs=10) for _ in range(3)]]
    assert [code for code, _ in outputs] == [0, 0, 0]
    sweep = tmp_path / "logs/train/multiruns/shared"
    began = Counter(folder for event, folder in journal(sweep) if event == "begins")
    assert sorted(began.values()) == [1] * 9
    assert len(numbers(sweep)) == 9
    assert len(run_folders(sweep)) == 9
    for _, printed in outputs:
        assert "9 of 9 done" in printed
        assert [row[2] for row in table(printed)] == ["3"] * 3  # each ends with the table of all, not only of its own


@pytest.mark.parametrize("on_error", ["continue", "stop"])
def test_a_failing_job(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str], on_error: str) -> None:
    words = ["features=none", "seed=1,2", f"sweep.on_error={on_error}", "sweep.name=s", "-m"]
    assert launch(*words, "loss=bpr_tail", "loss.ranking.weights.policy=items20,none") == 1
    printed = capsys.readouterr().out
    folders = run_folders(tmp_path)
    states = [json.loads((folder / "status.json").read_text())["state"] for folder in folders]
    assert states == (
        ["finished", "failed", "finished", "failed"] if on_error == "continue" else ["finished", "failed"]
    )
    assert "loss.ranking.weights.policy=none given" in (folders[1] / "error.txt").read_text()
    again = next(line for line in printed.splitlines() if "ltgnn train " in line and " -m " in line)
    assert "sweep.dir=logs/train/multiruns/s" in again
    assert "sweep.name" not in again

    import shlex

    from ltgnn.commands.train import main

    sweep = tmp_path / "logs/train/multiruns/s"
    begun = journal(sweep)
    assert main(shlex.split(again.strip())[2:]) == 1  # it fails again, and nothing that had finished is touched
    later = [folder.split("_")[0] for event, folder in journal(sweep)[len(begun) :] if event == "begins"]
    assert later == ["001", "003"] if on_error == "continue" else ["001"]


def test_a_task_that_fails_before_its_record_gets_one(launch: Launch, tmp_path: Path) -> None:
    assert launch("+closed.model=mf", "seed=1,2", "-m") == 1
    for folder in run_folders(tmp_path):
        assert "pinned recipe" in (folder / "error.txt").read_text()


def test_shared_work_is_done_once(launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ltgnn import build
    from ltgnn.features.item_features import ItemText
    from ltgnn.graph.bipartite import BipartiteGraph
    from ltgnn.models.closed_form.ease import EASE

    calls: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            calls[name] += 1
            return function(*given, **named)

        return call

    monkeypatch.setattr(build, "load", counted("load", build.load))
    monkeypatch.setattr(ItemText, "__call__", counted("features", ItemText.__call__))
    monkeypatch.setattr(BipartiteGraph, "__init__", counted("graph", BipartiteGraph.__init__))
    assert launch("fusion=id,sum", "loss=bpr,softmax", "seed=1,2", "epochs=2", "-m") == 0
    assert calls == {"load": 1, "features": 1, "graph": 1}
    calls.clear()
    assert launch("split.seed=0,1", "epochs=2", "-m") == 0  # another split: another graph, the same data
    assert calls == {"load": 1, "features": 2, "graph": 2}
    calls.clear()
    monkeypatch.setattr(EASE, "fit", counted("ease", EASE.fit))
    assert launch("model=ease", "fusion=id", "features=minilm,random", "score=dot,content", "-m") == 0
    assert calls["ease"] == 1  # neither an adjustment nor a text that it does not read costs a fit
    calls.clear()
    assert launch("epochs=2") == 0
    assert launch("epochs=2", "seed=2") == 0  # outside of a sweep nothing is remembered: files may change
    assert calls["load"] == 2

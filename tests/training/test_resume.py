"""A training that was broken off goes on in its folder and ends as if nothing had happened."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from ltgnn.runs.folder import RunFolder
from ltgnn.training.callbacks import EarlyStop, History
from ltgnn.training.resume import Resume
from tests.conftest import run_folders

Launch = Callable[..., int]

RECIPES = {
    "plain": "model=lightgcn",
    "dropout of the graph": "model=lightgcn views=edge_drop loss=bpr_infonce",
    "noise": "model=xsimgcl views=xsimgcl loss=bpr_infonce",
    "global random numbers": "model=sasrec",
    "remembered layers": "model=lightgcn_historical",
    "falling rate": "model=lightgcn fusion=sum schedule=linear",
    "early stop": "model=lightgcn lr=2 patience=1 min_epochs=0 epochs=40",
}


@pytest.fixture
def launch(launch: Launch) -> Launch:
    """As of all tests, with the state of the training saved after each epoch."""
    return partial(launch, "sweep.save_every=0")


def numbers(folder: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """All that a run found, but for times."""
    found = json.loads((folder / "metrics.json").read_text())
    found = {part: found[part] for part in ("val", "test", "selection", "fingerprint")}
    found["selection"].pop("resumed", None)
    with (folder / "history.csv").open() as file:
        return found, [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def break_at(monkeypatch: pytest.MonkeyPatch, epoch: int, error: BaseException, hook: str) -> None:
    whole = getattr(History, hook)

    def broken(self: Any, trainer: Any, *rest: Any) -> None:
        whole(self, trainer, *rest)
        if trainer.current_epoch + 1 == epoch:
            raise error

    monkeypatch.setattr(History, hook, broken)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_resumed_run_equals_an_unbroken_one(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    words = recipe.split()
    assert launch(*words, f"paths.run_dir={tmp_path / 'whole'}") == 0
    broken = f"paths.run_dir={tmp_path / 'broken'}"
    with monkeypatch.context() as patch:
        break_at(patch, 4, KeyboardInterrupt(), "on_train_epoch_end")  # after the row of epoch 4, before its checkpoint
        assert launch(*words, broken) != 0
    assert (tmp_path / "broken/checkpoints/resume.ckpt").is_file()
    assert launch(*words, broken) == 0
    assert numbers(tmp_path / "broken") == numbers(tmp_path / "whole")
    resumed = json.loads((tmp_path / "broken/metrics.json").read_text())["selection"]["resumed"]
    assert resumed["after_epoch"] == 3
    assert resumed["seconds"] > 0
    assert not (tmp_path / "broken/checkpoints/resume.ckpt").exists()


def test_a_run_broken_in_its_last_evaluation_trains_no_more(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = RECIPES["early stop"].split()
    assert launch(*words, f"paths.run_dir={tmp_path / 'whole'}") == 0
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write_evaluation", interrupt)
        assert launch(*words, f"paths.run_dir={tmp_path / 'broken'}") != 0
    steps: list[int] = []
    monkeypatch.setattr(EarlyStop, "on_validation_end", lambda *_: steps.append(1))
    assert launch(*words, f"paths.run_dir={tmp_path / 'broken'}") == 0
    assert not steps
    assert json.loads((tmp_path / "broken/metrics.json").read_text())["selection"]["resumed"]["seconds"] > 0
    assert numbers(tmp_path / "broken") == numbers(tmp_path / "whole")


def test_so_does_a_job_of_a_sweep(launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["-m", "model=lightgcn", "loss=bpr,softmax", "sweep.name=broken"]
    with monkeypatch.context() as patch:
        break_at(patch, 4, KeyboardInterrupt(), "on_train_epoch_end")
        assert launch(*words) != 0
    assert launch(*words) == 0
    assert launch(*words[:-1], "sweep.name=whole") == 0
    broken, whole = (run_folders(tmp_path / "logs/train/multiruns" / name) for name in ("broken", "whole"))
    assert [numbers(folder) for folder in broken] == [numbers(folder) for folder in whole]
    selections = [json.loads((folder / "metrics.json").read_text())["selection"] for folder in broken]
    assert ["resumed" in selection for selection in selections] == [True, False]


def interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def test_what_failed_begins_anew_and_so_does_another_recipe(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = f"paths.run_dir={tmp_path / 'run'}"
    with monkeypatch.context() as patch:
        break_at(patch, 4, RuntimeError("broken"), "on_train_epoch_end")
        with pytest.raises(RuntimeError):
            launch(folder)
    assert not (tmp_path / "run/checkpoints/resume.ckpt").exists()
    with monkeypatch.context() as patch:
        break_at(patch, 4, KeyboardInterrupt(), "on_train_epoch_end")
        assert launch(folder) != 0
    assert launch(folder, "seed=5") == 0
    assert "belongs to another recipe" in capfd.readouterr().out
    with (tmp_path / "run/history.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["2", "4", "6"]


def test_begins_anew_where_that_is_asked_or_the_file_is_broken(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, kept = f"paths.run_dir={tmp_path / 'run'}", tmp_path / "run/checkpoints/resume.ckpt"
    for word, damage, said in (("sweep.resume=false", False, ""), ("sweep.resume=true", True, "cannot be read")):
        with monkeypatch.context() as patch:
            break_at(patch, 4, KeyboardInterrupt(), "on_train_epoch_end")
            assert launch(folder, "sweep.resume=false") != 0
        if damage:
            kept.write_bytes(kept.read_bytes()[:1000])
        assert launch(folder, word) == 0
        assert "resumed" not in json.loads((tmp_path / "run/metrics.json").read_text())["selection"]
        assert said in capfd.readouterr().out


def test_a_short_run_writes_nothing(launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        break_at(patch, 4, KeyboardInterrupt(), "on_train_epoch_end")
        assert launch(f"paths.run_dir={tmp_path / 'run'}", "sweep.save_every=3600") != 0
    assert not (tmp_path / "run/checkpoints/resume.ckpt").exists()


def test_global_random_numbers_are_part_of_it(tmp_path: Path) -> None:
    kept = Resume(tmp_path, "key", every=60.0)
    state = kept.state_dict()
    wanted = torch.rand(3)
    torch.rand(5)
    again = Resume(tmp_path, "key", every=60.0)
    again.load_state_dict(state)
    again.on_train_start(type("Trainer", (), {"current_epoch": 1})(), None)  # type: ignore[arg-type]
    assert torch.equal(torch.rand(3), wanted)

"""The run folder: whole files, an honest status, a key that is the recipe's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import torch
from omegaconf import OmegaConf

from ltgnn.runs.folder import RunFolder
from ltgnn.types import Evaluation, TopK
from tests.runs.existing_run_case import EASE
from tests.runs.folder_case import CFG


def test_status_tells_the_end(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with folder.job(CFG, ["lr=0.1"]):
        assert folder.read_json("status.json")["state"] == "running"
    assert folder.read_json("status.json")["state"] == "finished"
    assert OmegaConf.load(folder.path / "overrides.yaml") == ["lr=0.1"]
    assert folder.config().trainer.root == "somewhere"
    assert {"python", "packages", "machine", "commit"} <= set(folder.read_json("env.json"))


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_a_failure_is_kept(tmp_path: Path, error: BaseException) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(type(error)), folder.job(CFG):
        raise error
    status = folder.read_json("status.json")
    assert status["state"] == ("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
    assert type(error).__name__ in status["error"]
    assert "Traceback" in (tmp_path / "error.txt").read_text()


def test_files_appear_whole(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_json("a.json", {"b": 1})
    with pytest.raises(TypeError):
        folder.write_json("a.json", {"b": object()})
    assert json.loads((tmp_path / "a.json").read_text()) == {"b": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_lists_and_per_user_values(tmp_path: Path) -> None:
    lists = TopK(torch.tensor([3, 5]), torch.tensor([[1, 2], [0, -1]]), torch.tensor([[0.5, 0.25], [1.0, 0.0]]))
    column = torch.tensor([0.5, 1.0], dtype=torch.float64)
    RunFolder(tmp_path).write_evaluation("val", Evaluation({"ndcg@2": 0.75}, {"ndcg@2": column}, lists))
    assert pl.read_parquet(tmp_path / "val_per_user.parquet").to_dict(as_series=False) == {
        "user": [3, 5],
        "ndcg@2": [0.5, 1.0],
    }
    top = pl.read_parquet(tmp_path / "val_topk.parquet")
    assert top["items"].to_list() == [[1, 2], [0, -1]]
    assert top["scores"].to_list() == [[0.5, 0.25], [1.0, 0.0]]


Launch = Callable[..., int]


def test_with_resume_off_it_begins_anew_and_the_results_are_moved_aside(launch: Launch, tmp_path: Path) -> None:
    assert launch(*EASE) == 0
    before = (tmp_path / "run/metrics.json").read_bytes()
    for number, l2 in enumerate((7, 8), start=1):
        assert launch(*EASE, f"model.closed_form.l2={l2}", "sweep.resume=false") == 0
        assert (tmp_path / f"run.before-{number}/status.json").is_file()
    assert (tmp_path / "run.before-1/metrics.json").read_bytes() == before
    assert RunFolder("run").recipe()["model"]["closed_form"]["l2"] == 8

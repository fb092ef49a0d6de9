"""Two processes that train one run together give what one gives: rows shared out (DDP), columns shared out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ltgnn.training.distributed.processes import processes
from tests.conftest import run_folders

Launch = Callable[..., int]
SHORT = ["epochs=3", "eval_every=1", "split.seed=0", "trainer.accelerator=cpu", "trainer.precision=32-true"]


def run(launch: Launch, tmp_path: Path, name: str, *words: str) -> tuple[Path, list[dict[str, float]]]:
    """Run folder and rows of its history."""
    folder = tmp_path / name
    assert launch(*SHORT, *words, f"hydra.run.dir={folder}") == 0, (folder / "error.txt").read_text()
    with (folder / "history.csv").open() as file:
        return folder, [{k: float(v) for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def state(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(folder / "checkpoints/last.ckpt", weights_only=True)
    return found


@pytest.mark.parametrize(
    ("trainer", "words"),
    [
        ("ddp", ["loss=bpr", "fusion=sum", "batch_size=255"]),
        ("dim_parallel", ["loss=bpr", "fusion=id"]),
        ("dim_parallel", ["loss=softmax", "loss.ranking.in_batch=false", "sampler=shared", "model=mf", "fusion=init"]),
    ],
)
def test_two_processes_train_what_one_trains(launch: Launch, tmp_path: Path, trainer: str, words: list[str]) -> None:
    alone, wanted = run(launch, tmp_path, "one", *words)
    shared, found = run(launch, tmp_path, "two", f"trainer={trainer}", *words)
    assert len(found) == len(wanted) == 3
    for before, after in zip(wanted, found, strict=True):
        assert after == pytest.approx(before, abs=1e-5)
    metrics = [json.loads((folder / "metrics.json").read_text()) for folder in (alone, shared)]
    for part in ("val", "test"):
        assert metrics[1][part] == pytest.approx(metrics[0][part], abs=1e-5)
    assert metrics[1]["selection"] == metrics[0]["selection"]
    one, two = state(alone), state(shared)
    assert one["state_dict"].keys() == two["state_dict"].keys()
    for name, weight in one["state_dict"].items():
        torch.testing.assert_close(two["state_dict"][name], weight, atol=1e-5, rtol=1e-4)
    moments = [list(s["optimizer_states"][0]["state"].values()) for s in (one, two)]
    for first, second in zip(*moments, strict=True):
        torch.testing.assert_close(second["exp_avg"], first["exp_avg"], atol=1e-5, rtol=1e-3)
    assert not torch.distributed.is_initialized()


def test_a_sweep_of_shared_runs(launch: Launch, tmp_path: Path) -> None:
    assert launch(*SHORT, "trainer=dim_parallel", "seed=1,2", "epochs=1", "-m") == 0
    assert len(run_folders(tmp_path)) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trainer=ddp", "loss=softmax"], "loss.ranking sees a batch as one"),
        (["trainer=dim_parallel", "loss=softmax"], "trainer=dim_parallel: loss.ranking reads more"),
        (["trainer=dim_parallel", "fusion=sum"], "fusion=sum reads several columns of a state at once"),
        (["trainer=dim_parallel", "model=layergcn"], "model=layergcn reads several columns of a state at once"),
        (["trainer=dim_parallel", "model.encoder.readout.ego=false"], "mixes columns"),
        (["trainer=dim_parallel", "graph=lightgcnpp"], "mixes columns"),
        (["trainer=dim_parallel", "sampler=hard"], "sampler=hard reads several columns of a state at once"),
        (["trainer=dim_parallel", "trainer.devices=3"], "dim=8 is not a multiple of trainer.devices=3"),
        (["trainer=dim_parallel", "trainer.gradient_clip_val=1.0"], "is a norm over all columns"),
        (["trainer=ddp", "callbacks.checkpoint=null"], "by a checkpoint"),
        (["trainer=ddp", "trainer.devices=auto"], "wanted the number of processes"),
    ],
)
def test_what_would_be_another_run_is_refused(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert launch(*words) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.rglob("rank1.log"))  # before another process was started


def test_a_process_that_dies_fails_the_run(launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ltgnn.training.distributed import processes as ranks

    begun = ranks.start

    def broken(folder: Path, rank: int, place: dict[str, str]) -> Any:
        (folder / "config.yaml").write_text("spoilt: true\n")
        return begun(folder, rank, place)

    monkeypatch.setattr(ranks, "start", broken)
    with pytest.raises(RuntimeError, match=r"process 1 of the run failed: .*\w+"):
        launch(*SHORT, "trainer=ddp")
    (folder,) = run_folders(tmp_path)
    assert json.loads((folder / "status.json").read_text())["state"] == "failed"


def test_one_process_needs_no_strategy() -> None:
    from omegaconf import OmegaConf

    assert processes(OmegaConf.create({"trainer": {"devices": "auto"}})) == 1
    assert processes(OmegaConf.create({"trainer": {"devices": 2, "strategy": {"_target_": "x"}}})) == 2

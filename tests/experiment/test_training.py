"""``ltgnn.train`` and ``ltgnn.sweep`` against the command line: data, folders, keys, numbers, messages."""

from __future__ import annotations

import json
import logging
import os
import random
import shlex
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

import ltgnn
from ltgnn.cli import main as command_line
from ltgnn.commands.train import main as train_command
from tests.conftest import run_folders
from tests.experiment.conftest import SMALL

TOY = {"features": "none", **SMALL}


def record(folder: Path) -> dict[str, Any]:
    """What a run has recorded, without what differs from run to run: times and places."""
    metrics = json.loads((folder / "metrics.json").read_text())
    del metrics["seconds"]
    words = (folder / "overrides.yaml").read_text().splitlines()
    return {
        "metrics": metrics,
        "key": json.loads((folder / "status.json").read_text())["key"],
        "overrides": sorted(line for line in words if not line.startswith("- sweep.dir=")),
        "files": sorted(path.name for path in folder.rglob("*") if path.is_file()),
        "name": folder.name.partition("_lightgcn")[2],
        "card": (folder / "data_card.json").read_text(),
    }


def test_a_run_is_that_of_the_command_line(shop: ltgnn.Dataset, empty: Path) -> None:
    run = ltgnn.train(shop, model="lightgcn", loss="softmax", overrides={"loss.ranking.temperature": 0.2}, **TOY)
    (ours,) = run_folders(empty / "logs/train/runs")
    assert run.folder == ours
    ltgnn_, train_, *words = shlex.split(run.command)
    assert (ltgnn_, train_) == ("ltgnn", "train")
    assert "loss.ranking.temperature=0.2" in words
    assert train_command(words) == 0
    theirs = next(folder for folder in run_folders(empty / "logs/train/runs") if folder != ours)
    assert record(ours) == record(theirs)
    assert run.metrics == ltgnn.open(theirs).metrics | {"seconds": run.metrics["seconds"]}  # type: ignore[union-attr]
    assert "NDCG" not in (ours / "run.log").read_text()


def test_a_sweep_is_that_of_the_command_line(shop: ltgnn.Dataset, empty: Path) -> None:
    runs = ltgnn.sweep(shop, fusion=["id", "sum"], seed=[1, 2], folder="ours", **(TOY | {"features": "tfidf"}))
    words = [*shop.overrides, "fusion=id,sum", "seed=1,2", "features=tfidf", *(f"{k}={v}" for k, v in SMALL.items())]
    assert train_command([*words, "logger=none", "-m", "sweep.dir=theirs"]) == 0
    ours, theirs = run_folders(Path("ours")), run_folders(Path("theirs"))
    assert [run.folder for run in runs] == [folder.absolute() for folder in ours]
    assert [folder.name for folder in ours] == [folder.name for folder in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert record(one) == record(other)
    assert [(run.option("fusion"), run.seed) for run in runs] == [("id", "1"), ("id", "2"), ("sum", "1"), ("sum", "2")]


def test_a_sweep_goes_on_where_it_stopped(shop: ltgnn.Dataset, empty: Path) -> None:
    first = ltgnn.sweep(shop, model=["ease", "popularity"], folder="there", progress=False, features="none")
    before = [(run.folder / "metrics.json").stat().st_mtime_ns for run in first]
    again = ltgnn.sweep(shop, model=["ease", "popularity", "svd"], folder="there", progress=False, features="none")
    assert [run.option("model") for run in again] == ["ease", "popularity", "svd"]
    assert [(run.folder / "metrics.json").stat().st_mtime_ns for run in again[:2]] == before


def test_failed_jobs_are_listed(
    shop: ltgnn.Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from ltgnn.training import loop

    fit = loop.fit

    def failing(cfg: Any, *rest: Any) -> Any:
        if cfg.choices["model"] == "popularity":
            raise ltgnn.UserError("no popularity today")
        return fit(cfg, *rest)

    monkeypatch.setattr(loop, "fit", failing)
    runs = ltgnn.sweep(shop, model=["popularity", "ease"], features="none", progress=False)
    assert [(run.state, run.option("model")) for run in runs] == [("failed", "popularity"), ("finished", "ease")]
    assert [run.error for run in runs.failed] == ["UserError: no popularity today"]
    assert "1 job has failed" in caplog.text
    assert "1 failed, 1 finished" in repr(runs)
    with pytest.raises(ltgnn.UserError, match=r"the run is failed, so it has no model to ask.*no popularity today"):
        runs[0].recommend(["u1"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "bprr"}, ["loss=bprr"]),
        ({"lr": "abc"}, ["lr=abc"]),
        ({"dim": -3}, ["dim=-3"]),
        ({"features": "none", "fusion": "sum"}, ["features=none", "fusion=sum"]),
        ({"overrides": {"loss.ranking.temperatur": 0.1}}, ["loss.ranking.temperatur=0.1"]),
        ({"monitor": "val/ndgc@20", "features": "none"}, ["monitor=val/ndgc@20", "features=none"]),
        ({"moddel": "ease"}, ["moddel=ease"]),
    ],
)
def test_wrong_values_say_what_the_command_says(
    shop: ltgnn.Dataset, capsys: pytest.CaptureFixture[str], options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ltgnn.UserError) as raised:
        ltgnn.train(shop, **options)
    capsys.readouterr()
    assert command_line(["train", *shop.overrides, *words, "logger=none"]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert "\n".join(said)[-len(str(raised.value)) :] == str(raised.value)
    assert raised.value.__cause__ is None


def test_a_wrong_value_of_a_sweep_trains_nothing(shop: ltgnn.Dataset, empty: Path) -> None:
    with pytest.raises(ltgnn.UserError, match=r"dim=-1.*job 1"):
        ltgnn.sweep(shop, dim=[8, -1], features="none")
    assert not run_folders(empty)


def test_a_folder_is_written_once(shop: ltgnn.Dataset, empty: Path) -> None:
    run = ltgnn.train(shop, model="ease", features="none", folder="my run")
    assert run.folder == empty / "my run"
    assert "my run" not in run.command
    again = ltgnn.train(shop, model="ease", features="none", folder="my run")
    assert again.metrics == run.metrics
    with pytest.raises(ltgnn.UserError, match="holds a finished run of another recipe"):
        ltgnn.train(shop, model="popularity", features="none", folder="my run")
    assert not Path("logs").exists()


def test_a_fault_keeps_its_traceback(shop: ltgnn.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("ltgnn.training.loop.fit", broken)
    with pytest.raises(RuntimeError, match="a fault"):
        ltgnn.train(shop, model="ease", features="none")


def process_state() -> dict[str, Any]:
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf.basecontainer import BaseContainer

    root, own = logging.getLogger(), logging.getLogger("ltgnn")
    return {
        "hydra": (GlobalHydra.instance().hydra, HydraConfig.instance().cfg),
        "resolvers": dict(BaseContainer._resolvers),
        "logging": (list(root.handlers), root.level, list(own.handlers), own.level, own.disabled),
        "process": (os.getcwd(), dict(os.environ), list(sys.argv)),
        "random": (random.getstate(), torch.get_rng_state().tolist(), torch.get_num_threads()),
    }


def test_the_process_is_left_as_it_was(shop: ltgnn.Dataset, empty: Path) -> None:
    """Inside a Hydra of the user's own, twice in a row, with a log file that is open."""
    from hydra import compose, initialize_config_dir

    (empty / "mine.yaml").write_text("a: 1\n")
    file = logging.FileHandler(empty / "mine.log", mode="w")
    logging.getLogger().addHandler(file)
    try:
        with initialize_config_dir(str(empty), version_base="1.2"):
            before = process_state()
            for _ in range(2):
                ltgnn.train(shop, model="ease", features="none", progress=False)
                assert process_state() == before
            ltgnn.sweep(shop, model=["ease", "popularity"], features="none", progress=False)
            with pytest.raises(ltgnn.UserError):
                ltgnn.train(shop, model="easy")
            assert process_state() == before
            assert compose("mine").a == 1
        logging.getLogger("mine").warning("still written")
    finally:
        logging.getLogger().removeHandler(file)
        file.close()
    assert "still written" in (empty / "mine.log").read_text()


def test_threads_wait_for_each_other(shop: ltgnn.Dataset) -> None:
    found: dict[str, Any] = {}

    def train(model: str) -> None:
        try:
            found[model] = ltgnn.train(shop, model=model, progress=False, **TOY)
        except BaseException as error:
            found[model] = error

    threads = [threading.Thread(target=train, args=(model,)) for model in ("ease", "lightgcn")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {model: run.option("model") for model, run in found.items()} == {"ease": "ease", "lightgcn": "lightgcn"}


FIVE_LINES = """
import ltgnn, pandas
from ltgnn.testing import toy
events, items = (pandas.DataFrame(table) for table in toy.frames())
shop = ltgnn.Dataset.from_frames(events, items, name="shop")
ltgnn.train(shop, model="ease", features="none").table()
print("---")
ltgnn.sweep(shop, model=["ease", "popularity"], features="none")
print("---")
ltgnn.sweep(shop, model=["ease", "popularity"], features="none", progress=False)
"""


def test_two_frames_to_a_table_in_an_empty_folder(empty: Path) -> None:
    """And progress: lines on standard output, or none."""
    answer = subprocess.run([sys.executable, "-c", FIVE_LINES], cwd=empty, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    table, lines, nothing = answer.stdout.split("---\n")
    assert "head" in table
    assert "NDCG@20" in table
    assert "[2/2] model=popularity: finished" in lines
    assert "NDCG@20" not in lines
    assert "finished" not in nothing


@pytest.mark.slow
def test_a_pool_of_processes(empty: Path) -> None:
    """A script, since its processes import it; each job has its log."""
    (empty / "script.py").write_text(
        "import ltgnn\nfrom ltgnn.testing import toy\n"
        "if __name__ == '__main__':\n"
        "    shop = ltgnn.Dataset.from_frames(*toy.frames(), name='shop')\n"
        "    pool = {'hydra/launcher': 'pool', 'hydra.launcher.workers': 2}\n"
        "    print(ltgnn.sweep(shop, model=['ease', 'popularity'], features='none', overrides=pool))\n"
    )
    answer = subprocess.run([sys.executable, "script.py"], cwd=empty, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 0, answer.stderr
    assert "2 finished" in answer.stdout
    assert all((folder / "run.log").is_file() for folder in run_folders(empty))

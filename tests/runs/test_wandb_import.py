"""W&B's own offline files as run folders: what another program has logged, next to runs of this one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.commands import compare, report, table
from ltgnn.commands.runs import main
from ltgnn.runs import wandb_import
from ltgnn.runs.wandb_import import import_file, inspect
from ltgnn.types import UserError
from tests.conftest import run_folders
from tests.runs.tracking_case import CONFIG, tracker_in
from tests.runs.wandb_curves_case import file_of, records


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_is_closed_and_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    import wandb

    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # no .netrc
    tracker = tracker_in("auto")

    def job() -> None:
        with tracker.open(tmp_path, CONFIG) as opened:
            assert wandb.run is not None
            assert wandb.run.config["fusion"] == "id"
            assert {"mine", "loss:bpr"} <= set(wandb.run.tags)
            opened.evaluations({"test/ndcg@20": 0.5})
            if fails:
                raise ValueError("broken")

    if fails:
        with pytest.raises(ValueError, match="broken"):
            job()
    else:
        job()
    assert wandb.run is None
    (file,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    told = json.loads(inspect(file, "--summary"))  # as `wandb sync` would tell the server
    assert (told["exit_code"], told["state"]) == ((1, "failed") if fails else (0, "finished"))
    ends = [record for record in map(json.loads, inspect(file).splitlines()) if record["type"] == "exit"]
    assert [record["exit"].get("exit_code", 0) for record in ends] == [int(fails)]


def test_curves_have_the_epochs_of_the_history(tracked_run: Path) -> None:
    rows = [record["item"] for record in records(tracked_run, "history")]
    with (tracked_run / "history.csv").open(newline="") as file:
        wanted = {int(row["epoch"]): float(row["val/ndcg@20"]) for row in csv.DictReader(file)}
    assert list(wanted) == [2, 4, 6]
    assert {row["epoch"]: row["val/ndcg@20"] for row in rows if "val/ndcg@20" in row} == pytest.approx(wanted)
    assert [row["epoch"] for row in rows if "train/loss" in row] == [1, 2, 3, 4, 5, 6]
    steps = [row["trainer/global_step"] for row in rows if "trainer/global_step" in row]
    assert steps == sorted(steps)
    values = {key for row in rows for key in row if key.startswith("val/")}
    assert {"val/ndcg@20", "val/items20/tail/recall@20"} <= values
    assert len(values) <= 10


def test_the_axis_of_all_curves_is_the_epoch(tracked_run: Path) -> None:
    metrics = {metric.get("name") or metric["glob_name"]: metric for metric in records(tracked_run, "metric")}
    assert {metrics[name]["step_metric"] for name in ("*", "train/loss", "val/ndcg@20")} == {"epoch"}
    assert metrics["val/ndcg@20"]["summary"] == {"last": True, "max": True}


def test_the_summary_has_the_values_that_matter(tracked_run: Path) -> None:
    found = json.loads(inspect(file_of(tracked_run), "--summary"))
    metrics = json.loads((tracked_run / "metrics.json").read_text())
    tests = {key: value for key, value in found["summary"].items() if key.startswith("test/")}
    assert len(tests) <= 10
    assert tests == {key: metrics["test"][key.removeprefix("test/")] for key in tests}
    assert {"test/ndcg@20", "test/coverage@20", "test/items20/head/ndcg@20", "test/items20/tail/ndcg@20"} <= set(tests)
    assert found["summary"]["monitor/best_epoch"] == metrics["selection"]["epoch"]
    assert found["summary"]["epochs"] == metrics["selection"]["epochs_run"]
    assert found["name"] == "lightgcn sum bpr words seed=1"
    (run,) = records(tracked_run, "run")
    assert "run_group" not in run, "a single run is in no group"


def test_an_imported_run_has_the_same_epochs(tracked_run: Path, tmp_path: Path) -> None:
    copy = import_file(file_of(tracked_run), tmp_path, {})
    rows = [list(csv.DictReader((folder / "history.csv").open(newline=""))) for folder in (tracked_run, copy)]
    validated = [[float(row["epoch"]) for row in one if row.get("val/ndcg@20")] for one in rows]
    assert validated == [[2, 4, 6], [2, 4, 6]]


Launch = Callable[..., int]


def newest_file(folder: Path) -> Path:
    return sorted(folder.glob("wandb/offline-run-*/run-*.wandb"))[-1]


def summary(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(wandb_import.inspect(newest_file(folder), "--summary"))
    return found


def test_one_number_in_all_places(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch("fusion=sum", "logger=wandb", "logger.metrics=['*']") == 0
    (folder,) = run_folders(tmp_path)
    metrics = json.loads((folder / "metrics.json").read_text())
    logged = summary(folder)["summary"]
    for part in ("test", "val"):
        assert {name: logged[f"{part}/{name}"] for name in metrics[part]} == metrics[part]  # type: ignore[index]
    name = "items20/head/ndcg@20"
    value = metrics["test"][name]
    capsys.readouterr()
    assert table.main([str(folder)]) == 0
    assert f" {value:.4f} ".replace(" 0.", " .") in capsys.readouterr().out
    assert compare.main([str(folder), "--metrics", name, "--format", "csv"]) == 0
    assert [row["mean"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))] == [repr(value)]
    assert report.main([str(folder)]) == 0
    assert f'data-value="{value}">{value:.4f}' in (folder / "report.html").read_text()

    assert logged["monitor/best"] >= logged["monitor/last"]  # type: ignore[index]
    assert logged["groups"]["nrows"] == 7  # type: ignore[index]
    assert {"popularity_table", "head_tail_table"} <= set(logged)  # type: ignore[call-overload]
    assert set(logged["train/loss"]) == {"min", "last"}  # type: ignore[index]
    assert len(list(newest_file(folder).parent.glob("files/media/table/*.table.json"))) == 3

    assert main(["import", str(folder), "--out", str(tmp_path / "imported")]) == 0
    (copy,) = run_folders(tmp_path / "imported")
    again = json.loads((copy / "metrics.json").read_text())
    assert (again["test"], again["val"]) == (metrics["test"], metrics["val"])
    assert again["fingerprint"] == metrics["fingerprint"]
    rows = [list(csv.DictReader((f / "history.csv").open())) for f in (folder, copy)]
    assert [r["epoch"] for r in rows[0]] == [str(int(float(r["epoch"]))) for r in rows[1] if r.get("val/ndcg@20")]
    capsys.readouterr()
    assert table.main([str(copy)]) == 0
    assert f" {value:.4f} ".replace(" 0.", " .") in capsys.readouterr().out
    assert compare.main([str(copy), "--metrics", name]) == 0
    assert report.main([str(copy)]) == 0


def test_a_failed_job_is_failed_in_wandb_too(launch: Launch, tmp_path: Path) -> None:
    assert launch("loss=bpr_tail", "loss.ranking.weights.policy=none", "logger=wandb") == 1
    (folder,) = run_folders(tmp_path)
    assert summary(folder)["exit_code"] == 1


def test_a_job_begun_again_knows_its_run(launch: Launch, tmp_path: Path) -> None:
    where = f"hydra.run.dir={tmp_path}/logs/same"
    assert launch("model=ease", "logger=wandb", where) == 0
    first = json.loads((tmp_path / "logs/same/wandb.json").read_text())
    status = tmp_path / "logs/same/status.json"  # a finished one would stand
    status.write_text(json.dumps(json.loads(status.read_text()) | {"state": "interrupted"}))
    assert launch("model=ease", "logger=wandb", where) == 0
    second = json.loads((tmp_path / "logs/same/wandb.json").read_text())
    assert second["resumed_from"] == first["id"] != second["id"]
    found = sorted((tmp_path / "logs/same").glob("wandb/offline-run-*/run-*.wandb"))
    configs = [json.loads(wandb_import.inspect(file, "--summary"))["config"] for file in found]
    assert sorted(config.get("resumed_from", "") for config in configs) == ["", first["id"]]


def test_runs_of_other_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import wandb

    settings = wandb.Settings(silent=True, console="off")
    for name, value in (("theirs", 0.25), ("better", 0.5)):
        run = wandb.init(project="x", name=name, mode="offline", dir=tmp_path, config={"lr": 0.1}, settings=settings)
        for step in range(3):
            run.log({"loss": 1.0 - step, "epoch": step})
        run.summary["final_ndcg"] = value
        run.finish()
    with pytest.raises(UserError, match=r"--value ndcg@20=KEY. It has .*final_ndcg"):
        main(["import", str(tmp_path), "--out", str(tmp_path / "no")])
    assert main(["import", str(tmp_path), "--out", str(tmp_path / "in"), "--value", "ndcg@20=final_ndcg"]) == 0
    capsys.readouterr()
    assert table.main([str(tmp_path / "in")]) == 0
    shown = capsys.readouterr().out
    assert ".2500" in shown
    assert ".5000*" in shown
    assert compare.main([str(tmp_path / "in"), "--by", "model", "--metrics", "ndcg@20", "--format", "csv"]) == 0
    assert "better,ndcg@20,0.5" in capsys.readouterr().out
    with pytest.raises(UserError, match="is there already"):
        main(["import", str(tmp_path), "--out", str(tmp_path / "in"), "--value", "ndcg@20=final_ndcg"])
    with pytest.raises(UserError, match="no W&B file"):
        main(["import", str(tmp_path / "nothing")])

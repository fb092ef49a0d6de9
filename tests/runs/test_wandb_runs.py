"""W&B both ways: one number through all places, what is uploaded, runs begun again, foreign runs, sweeps of agents."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ltgnn.commands import compare, report, table
from ltgnn.commands.runs import main
from ltgnn.runs import wandb_import
from ltgnn.types import UserError
from tests.conftest import run_folders

Launch = Callable[..., int]


def file_of(folder: Path) -> Path:
    return sorted(folder.glob("wandb/offline-run-*/run-*.wandb"))[-1]


def summary(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(wandb_import.inspect(file_of(folder), "--summary"))
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
    assert len(list(file_of(folder).parent.glob("files/media/table/*.table.json"))) == 3

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


def test_the_yaml_of_agents(capsys: pytest.CaptureFixture[str], launch: Launch, tmp_path: Path) -> None:
    assert main(["sweep-yaml", "fusion=id,sum", "seed=range(1,4)", "lr=0.01"]) == 0
    made = yaml.safe_load(capsys.readouterr().out)
    assert made["parameters"] == {
        "fusion": {"values": ["id", "sum"]}, "seed": {"values": [1, 2, 3]}, "lr": {"value": 0.01},
    }  # fmt: skip
    assert made["command"] == ["ltgnn", "train", "${args_no_hyphens}"]
    chosen = {key: space.get("value", space.get("values", [None])[-1]) for key, space in made["parameters"].items()}
    assert launch(*(f"{key}={value}" for key, value in chosen.items())) == 0  # as the agent expands the command
    (folder,) = run_folders(tmp_path)
    assert "fusion: sum" in (folder / "config.yaml").read_text()
    with pytest.raises(UserError, match="--method bayes"):
        main(["sweep-yaml", "lr=interval(0.001,0.1)"])
    capsys.readouterr()
    assert main(["sweep-yaml", "lr=tag(log,interval(0.001,0.1))", "--method", "bayes"]) == 0
    space = yaml.safe_load(capsys.readouterr().out)["parameters"]["lr"]
    assert space == {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1}


def test_values_of_a_sweep_reach_hydra_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    """An agent writes ``KEY=VALUE`` of what the yaml holds; Hydra reads of it what was given."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    given = {
        'a=";",","': [";", ","],
        "b=file://conf,x:y": ["file://conf", "x:y"],
        "c=[file://conf,'p;q',3]": [["file://conf", "p;q", 3]],
        "d={k:1,m:'x;y'}": [{"k": 1, "m": "x;y"}],
        "e=null,1e-4,true,text": [None, 1e-4, True, "text"],
        "f='1'": ["1"],
        "g=range(1,3)": [1, 2],
    }
    assert main(["sweep-yaml", *given]) == 0
    read = OverridesParser.create().parse_override
    parameters = yaml.safe_load(capsys.readouterr().out)["parameters"]
    for (key, space), values in zip(parameters.items(), given.values(), strict=True):
        assert [read(f"{key}={one}").value() for one in space.get("values", [space.get("value")])] == values

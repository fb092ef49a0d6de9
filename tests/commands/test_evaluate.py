"""Re-evaluation on the toy shop: the same numbers, other adjustments, lists, groups and splits, and external lists."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from matplotlib.image import imread
from omegaconf import OmegaConf

from ltgnn.analysis.pareto import read_points
from ltgnn.commands.evaluate import main
from ltgnn.experiment.evaluation_job import unseen
from ltgnn.types import Interactions, Split, UserError
from tests.conftest import CONF, run_folders

Evaluate = Callable[..., Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[Path]:
    """A working directory with one trained run and one closed form below logs/train."""
    from ltgnn.commands.train import main as train

    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=words", "logger=none"]
        small = ["epochs=4", "min_epochs=1", "dim=8", "num_layers=1", "batch_size=256", "eval_every=2", "lr=0.05"]
        assert train([*toy, *small, "fusion=sum", "hydra.run.dir=logs/train/gnn"]) == 0
        assert train([*toy, "model=ease", "hydra.run.dir=logs/train/ease"]) == 0
        yield folder


@pytest.fixture
def evaluate(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """``ltgnn evaluate``; returns metrics.json of each run folder it left."""
    monkeypatch.chdir(home)

    def run(*arguments: str) -> list[dict[str, Any]]:
        assert main([*arguments, f"paths.log_dir={tmp_path}"]) == 0
        return [json.loads((folder / "metrics.json").read_text()) for folder in run_folders(tmp_path)]

    return run


def metrics(home: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / f"logs/train/{name}/metrics.json").read_text())
    return found


@pytest.mark.parametrize("name", ["gnn", "ease"])
def test_the_run_gets_its_own_numbers_again(home: Path, evaluate: Evaluate, tmp_path: Path, name: str) -> None:
    (again,) = evaluate(f"run=logs/train/{name}")
    first = metrics(home, name)
    for part in ("val", "test"):
        for value, number in first[part].items():
            assert again[part][value] == pytest.approx(number, abs=1e-9), value
    assert again["fingerprint"] == first["fingerprint"]
    assert again["selection"] == first["selection"]
    (folder,) = run_folders(tmp_path)
    lists = [pl.read_parquet(f / "topk.parquet")["items"].to_list() for f in (folder, home / f"logs/train/{name}")]
    assert lists[0] == lists[1]
    assert OmegaConf.load(folder / "config.yaml").choices.model == ("lightgcn" if name == "gnn" else "ease")


def test_other_lengths_and_groups(home: Path, evaluate: Evaluate) -> None:
    (again,) = evaluate("run=logs/train/gnn", "eval.ks=[3,20]", "groups=all")
    first = metrics(home, "gnn")
    assert again["test"]["ndcg@20"] == pytest.approx(first["test"]["ndcg@20"], abs=1e-9)
    assert {"ndcg@3", "deciles/d1/recall@3", "count5/head/ndcg@20"} <= set(again["test"])
    assert set(again["groups"]) > set(first["groups"])


def test_an_adjustment_is_swept_without_retraining_and_drawn(home: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    swept = evaluate("run=logs/train/gnn", "score=content", "score.adjustments.content.weight=0,5", "-m")
    first = metrics(home, "gnn")["test"]["ndcg@20"]
    assert [result["test"]["ndcg@20"] == pytest.approx(first, abs=1e-9) for result in swept] == [True, False]
    (picture,) = tmp_path.rglob("pareto.png")
    points, *_ = read_points(picture.parent, "ndcg@20", "items20/tail/ndcg@20")
    assert {(point.x, point.y) for point in points} == {
        (result["test"]["ndcg@20"], result["test"]["items20/tail/ndcg@20"]) for result in swept
    }
    assert [point.settings["score.adjustments.content.weight"] for point in points] == ["0", "5"]
    for colour in ((213, 94, 0), (0, 114, 178)):  # a point of the front, and one that is not
        assert (abs(imread(picture)[:, :, :3] * 255 - colour).max(2) < 2).sum() > 20
    assert not (home / "logs/train/gnn/pareto.png").exists()


@pytest.mark.parametrize("score", ["cosine", "content_fit", "content_gate", "profile", "popularity", "tag"])
def test_every_adjustment_applies_to_a_finished_run(home: Path, evaluate: Evaluate, tmp_path: Path, score: str) -> None:
    (again,) = evaluate("run=logs/train/gnn", f"score={score}", "eval.ks=[20]")
    assert again["selection"] == metrics(home, "gnn")["selection"]
    (folder,) = run_folders(tmp_path)
    turned, plain = (pl.read_parquet(f / "topk.parquet")["items"].to_list() for f in (folder, home / "logs/train/gnn"))
    assert [row[:20] for row in turned] != [row[:20] for row in plain]


def test_another_split_holds_out_nothing_that_was_trained_on(home: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    (again,) = evaluate("run=logs/train/gnn", "split=random", "split.seed=5")
    assert again["fingerprint"] != metrics(home, "gnn")["fingerprint"]
    assert 0 < again["test"]["users"] <= 80
    assert again["groups"] == metrics(home, "gnn")["groups"]  # by what the model was trained on


def test_unseen_leaves_out_trained_pairs() -> None:
    def pairs(*items: int) -> Interactions:
        return Interactions(torch.zeros(len(items), dtype=torch.int64), torch.tensor(items), 1, 6)

    other = Split(pairs(0, 1), pairs(2, 3), pairs(4, 5), "other")
    left = unseen(other, pairs(1, 2, 4))
    assert (left.train.items.tolist(), left.val.items.tolist(), left.test.items.tolist()) == ([1, 2, 4], [3], [5])
    with pytest.raises(UserError, match="trained on every test pair"):
        unseen(other, pairs(4, 5))


def test_lists_of_another_library_give_the_same_table(
    home: Path, evaluate: Evaluate, tmp_path: Path, shop: Path
) -> None:
    lists = pl.read_parquet(home / "logs/train/gnn/topk.parquet")
    from hydra.utils import instantiate

    from ltgnn.data.catalog import load

    dataset = load(**instantiate(OmegaConf.load(home / "logs/train/gnn/config.yaml").data, _convert_="all"))
    rows = [
        (dataset.user_ids[user], dataset.item_ids[item], score)
        for user, items, scores in lists.iter_rows()
        for item, score in zip(items, scores, strict=True)
        if item >= 0
    ]
    pl.DataFrame(rows, schema=["user_id", "item_id", "score"], orient="row").write_csv(tmp_path / "peer.csv")
    toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}"]
    (judged,) = evaluate(*toy, f"lists={tmp_path}/peer.csv")
    first = metrics(home, "gnn")["test"]
    assert set(first) - set(judged["test"]) >= {"auc"}  # a list has no rank for what it leaves out
    for value, number in judged["test"].items():
        if "ild_features" not in value and value in first:
            assert number == pytest.approx(first[value], abs=1e-9), value


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "run=DIR (a finished run) or lists=FILE.csv"),
        (["run=nowhere"], "is not a run folder: it has no status.json"),
        (["run=logs/train/gnn", "model=mf"], "'model=mf' changes the model"),
        (["run=logs/train/gnn", "dim=4"], "'dim=4' changes the model"),
        (["run=logs/train/gnn", "score=nothing"], "score/nothing"),
        (["run=logs/train/gnn", "score.norm=1"], "norm"),
        (["lists=nowhere.csv"], "file not found"),
    ],
)
def test_mistakes_end_in_one_message(
    evaluate: Evaluate,
    tmp_path: Path,
    shop: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    toy = (
        ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}"] if arguments == ["lists=nowhere.csv"] else []
    )
    assert main([*toy, *arguments, f"paths.log_dir={tmp_path}"]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_a_failed_run_is_refused(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    (tmp_path / "status.json").write_text('{"state": "failed"}')
    assert main([f"run={tmp_path}"]) == 1
    assert "is failed, wanted a finished run" in capsys.readouterr().err


def test_a_run_whose_data_have_changed_is_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    run = Path(shutil.copytree(home / "logs/train/ease", tmp_path / "ease"))
    found = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps(found | {"fingerprint": "f" * 64}))
    assert main([f"run={run}", f"paths.log_dir={tmp_path}"]) == 1
    assert "was trained on the split ffffffffffff" in capsys.readouterr().err


def test_a_sweep_goes_on_where_it_stopped(
    home: Path, evaluate: Evaluate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run=logs/train/gnn", "score=content", "sweep.name=adjustments", "eval.ks=[20]", "-m"]
    evaluate(*words, "score.adjustments.content.weight=0,5")
    before = {folder.name: (folder / "metrics.json").stat().st_mtime_ns for folder in run_folders(tmp_path)}
    capsys.readouterr()
    assert (
        main([*words, "score.adjustments.content.weight=0,5,9", f"paths.log_dir={tmp_path}", "sweep.dry_run=true"]) == 0
    )
    assert "1 of 3 jobs to run" in capsys.readouterr().out
    assert len(evaluate(*words, "score.adjustments.content.weight=0,5,9")) == 3
    printed = capsys.readouterr().out
    assert "3 of 3 done: 2 skipped, 1 finished" in printed
    after = {folder.name: (folder / "metrics.json").stat().st_mtime_ns for folder in run_folders(tmp_path)}
    assert {name: after[name] for name in before} == before
    keys = [json.loads((folder / "status.json").read_text())["key"] for folder in run_folders(tmp_path)]
    assert len(set(keys)) == 3
    ledger = tmp_path / "evaluate/multiruns/adjustments/.sweep"
    assert {file.stem for file in ledger.glob("*.json")} == {*keys, "sweep"}  # one entry a job, under its own key


def test_a_failing_judgement_names_the_command_that_goes_on(
    home: Path, evaluate: Evaluate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run=logs/train/gnn", "split=run,official", f"paths.log_dir={tmp_path}", "-m"]
    assert main(words) == 1
    again = next(line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("ltgnn evaluate"))
    assert "--config" not in again  # the tree of a run is temporary
    assert "sweep.dir=" in again

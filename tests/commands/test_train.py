"""Whole jobs on the toy shop: run folders, selection, resumable state, sweeps, seeds, mistakes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import torch

import ltgnn
from ltgnn.runs.wandb_import import inspect
from tests.conftest import run_folders

Launch = Callable[..., int]


def metrics(folder: Path) -> dict[str, dict[str, float]]:
    return json.loads((folder / "metrics.json").read_text())


def only(root: Path) -> Path:
    (folder,) = run_folders(root)
    return folder


def test_run_folder_is_complete_and_consistent(launch: Launch, tmp_path: Path) -> None:
    assert launch("fusion=sum", "loss=softmax") == 0
    folder = only(tmp_path)
    assert folder.parent == tmp_path / "logs/train/runs"
    wanted = (
        "config.yaml overrides.yaml metrics.json history.csv per_user.parquet topk.parquet data_card.json "
        "features_card.json env.json run.log checkpoints/best.ckpt checkpoints/last.ckpt"
    )
    for name in wanted.split():
        assert (folder / name).is_file(), name
    status = json.loads((folder / "status.json").read_text())
    assert status["state"] == "finished"
    assert len(status["key"]) == 64
    assert "fusion=sum" in (folder / "overrides.yaml").read_text()
    config = (folder / "config.yaml").read_text()
    assert "${" not in config
    assert "fusion: sum" in config

    found = metrics(folder)
    per_user = pl.read_parquet(folder / "per_user.parquet")
    for name in ("ndcg@20", "items20/tail/recall@10", "mass/head/ndcg@20"):
        assert per_user[name].fill_nan(None).mean() == pytest.approx(found["test"][name], abs=1e-12)
    lists = pl.read_parquet(folder / "topk.parquet")
    assert lists["items"].cast(pl.List(pl.Int64)).list.len().unique().to_list() == [50]

    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["2", "4", "6"]
    best = max(rows, key=lambda row: float(row["val/ndcg@20"]))
    assert found["selection"]["epoch"] == int(best["epoch"])
    assert float(best["val/ndcg@20"]) == pytest.approx(found["val"]["ndcg@20"], abs=1e-6)


def test_checkpoint_is_weights_only_and_lean(launch: Launch, tmp_path: Path) -> None:
    assert launch("fusion=sum") == 0
    state = torch.load(only(tmp_path) / "checkpoints/best.ckpt", weights_only=True)
    assert set(state["state_dict"]) == {
        "encoder.embedding.users",
        "encoder.embedding.items",
        "encoder.embedding.fusion.projector.0.weight",
        "encoder.embedding.fusion.projector.0.bias",
    }


@pytest.mark.parametrize(
    "model",
    [
        "popularity",
        "random",
        "ease",
        "ease_gram",
        "ease_content",
        "item_knn",
        "content_knn",
        "gfcf_content",
        "svd",
        "l3ae",
        "elsa",
    ],
)
def test_closed_forms_leave_the_same_folder(launch: Launch, tmp_path: Path, model: str) -> None:
    """That of a trained run, less what training leaves; its lists are those that its numbers are of."""
    assert launch(f"model={model}") == 0
    folder = only(tmp_path)
    left = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    wanted = "config.yaml overrides.yaml metrics.json per_user.parquet topk.parquet data_card.json env.json run.log"
    assert {*wanted.split(), "status.json"} - left == set()
    assert not any("ckpt" in name or name == "history.csv" for name in left)
    test, per_user = metrics(folder)["test"], pl.read_parquet(folder / "per_user.parquet")
    assert per_user["ndcg@20"].mean() == pytest.approx(test["ndcg@20"], abs=1e-12)
    shown = {item for row in pl.read_parquet(folder / "topk.parquet")["items"].to_list() for item in row[:20]} - {-1}
    assert test["coverage@20"] == pytest.approx(len(shown) / 48)


def test_ease_with_text_is_ease_plus_similarity(launch: Launch, tmp_path: Path) -> None:
    """Against a naive sum of cosines over the items of each user's history, all of them neighbours."""
    similarity = ["score=content", "score.adjustments.content.weight=0.5", "score.adjustments.content.neighbours=47"]
    for name, words in (("plain", []), ("text", similarity)):
        assert launch("model=ease", *words, f"paths.run_dir={tmp_path / name}") == 0
    plain, text = (ltgnn.load(tmp_path / name) for name in ("plain", "text"))
    train, features = plain.split.train, text.features
    assert features is not None
    unit = torch.nn.functional.normalize(features, dim=1)
    cosines = (unit @ unit.T).fill_diagonal_(0)
    history = torch.zeros(train.num_users, train.num_items)
    history[train.users, train.items] = 1
    everyone, seen = torch.arange(train.num_users), train.item_counts > 0
    wanted = plain.scorer.unmasked().scores(everyone) + 0.5 * history @ cosines
    torch.testing.assert_close(text.scorer.scores(everyone)[:, seen], wanted[:, seen], rtol=1e-4, atol=1e-4)


def test_same_seed_same_numbers_in_or_out_of_a_sweep(launch: Launch, tmp_path: Path) -> None:
    assert launch("fusion=init", "seed=3", "paths.log_dir=once") == 0
    assert launch("fusion=id,init", "seed=3,4", "paths.log_dir=swept", "-m") == 0
    once = metrics(only(tmp_path / "once"))
    swept = {
        (f.name.split("_")[2], json.loads((f / "status.json").read_text())["key"]): metrics(f)
        for f in run_folders(tmp_path / "swept")
    }
    key = json.loads((only(tmp_path / "once") / "status.json").read_text())["key"]
    assert len(swept) == 4
    assert swept[("init", key)]["test"] == once["test"]
    assert swept[("init", key)]["val"] == once["val"]
    others = [found["test"]["ndcg@20"] for name, found in swept.items() if name != ("init", key)]
    assert once["test"]["ndcg@20"] not in others


def test_numbers_do_not_depend_on_the_size_of_evaluation_blocks(launch: Launch, tmp_path: Path) -> None:
    assert launch("eval.block_mib=0.001,16", "-m") == 0
    small, large = run_folders(tmp_path)
    assert metrics(small)["test"] == metrics(large)["test"]


def test_sweep_goes_on_after_a_failed_job(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policies = "loss.ranking.weights.policy=items20,none"  # the second is known to be none once the groups are made
    assert launch("features=none", "seed=1,2", "loss=bpr_tail", policies, "logger=wandb", "-m") == 1
    folders = run_folders(tmp_path)
    states = [json.loads((folder / "status.json").read_text())["state"] for folder in folders]
    assert states == ["finished", "failed", "finished", "failed"]
    assert "Traceback" in (folders[1] / "error.txt").read_text()
    assert "loss.ranking.weights.policy=none given" in json.loads((folders[1] / "status.json").read_text())["error"]
    assert "failed" in capsys.readouterr().out
    offline = [sorted(folder.glob("wandb/offline-run-*/run-*.wandb")) for folder in folders]
    assert [len(found) for found in offline] == [1, 1, 1, 1]  # one W&B run per job, the failed one too
    records = map(json.loads, inspect(offline[0][0]).splitlines())
    (group,) = [record["run"]["run_group"] for record in records if record["type"] == "run"]
    assert group == folders[0].parent.name, "the sweep"


def test_the_table_takes_the_list_lengths_that_there_are(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        launch("eval.ks=[5,10]", "monitor=val/ndcg@10", "features=words", "fusion=id,sum", "-m") == 0
    )  # id reads no text
    printed = capsys.readouterr().out
    assert "NDCG@10" in printed
    tests = [metrics(folder)["test"]["ndcg@10"] for folder in run_folders(tmp_path)]
    assert f"overall {tests[0]:.4f} -> {tests[1]:.4f}" in printed


def test_overfits_a_small_shop(launch: Launch, tmp_path: Path) -> None:
    """A model that cannot memorise its train part is broken: the mean BPR loss must fall far below log 2."""
    assert launch("epochs=80", "min_epochs=80", "eval_every=80", "reg=0", "num_layers=1", "dim=32") == 0
    with (only(tmp_path) / "history.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert float(row["train/ranking"]) < 0.05


def test_learns_more_than_popularity(launch: Launch, tmp_path: Path) -> None:
    assert launch("model=popularity,lightgcn", "epochs=40", "fusion=sum", "loss=softmax", "-m") == 0
    popularity, lightgcn = (metrics(folder)["test"]["ndcg@20"] for folder in run_folders(tmp_path))
    assert lightgcn > 1.15 * popularity


def test_early_stop_waits_for_min_epochs(launch: Launch, tmp_path: Path) -> None:
    still = ["lr=1e-12", "eval_every=1", "patience=1", "epochs=30"]  # nothing improves
    assert launch(*still, "min_epochs=9") == 0
    assert metrics(only(tmp_path))["selection"]["epochs_run"] == 10


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["modle=mf"], "Did you mean 'model'?"),
        (["model=lightgnc"], "Did you mean 'model=lightgcn'?"),
        (["model.encoder.layers=2"], "Did you mean 'model.encoder.num_layers'?"),
        (["fusion=gate", "features=none"], "Set features="),
        (["data.files.path=/nowhere"], "data.files.path"),
        (["monitor=nothing/ndcg@20"], "monitor=nothing/ndcg@20"),
        (["monitor=val/ndgc@20"], "Did you mean: ndcg@20"),
        (["loss=bpr", "sampler=in_batch"], "sampler=uniform"),
        (["split.test=0.99"], "split"),
        (["model=ease", "model.closed_form.max_items=10"], "max_items"),
        (["score=content", "features=none"], "Set features="),
    ],
)
def test_mistakes_get_one_message(
    launch: Launch, capsys: pytest.CaptureFixture[str], overrides: list[str], message: str
) -> None:
    assert launch(*overrides) == 1
    printed = capsys.readouterr().err
    assert message in printed
    assert "Traceback" not in printed
    assert "Error executing" not in printed


def test_full_error_shows_the_traceback(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(Exception, match="modle"):
        launch("modle=mf")

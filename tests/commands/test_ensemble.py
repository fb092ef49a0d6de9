"""``ltgnn ensemble`` on the toy shop: a run like any other, its members' numbers, and nothing of the test part."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

import ltgnn
from ltgnn.cli import main
from ltgnn.commands import ensemble as entry
from ltgnn.commands.ensemble import main as ensemble
from ltgnn.commands.evaluate import main as evaluate
from ltgnn.inference.ensemble_members import open_members
from ltgnn.inference.explanation.open_explainer import explainer
from ltgnn.inference.open_run import OpenRun
from ltgnn.types import UserError
from tests.conftest import CONF, run_folders

MEMBERS = ("gnn", "ease", "knn")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[Path]:
    """A working directory with three runs on one split, and one on another."""
    from ltgnn.commands.train import main as train

    folder = tmp_path_factory.mktemp("ensemble")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=words", "logger=none"]
        small = ["epochs=4", "min_epochs=1", "dim=8", "num_layers=1", "batch_size=256", "eval_every=2", "lr=0.05"]
        assert train([*toy, *small, "fusion=sum", "paths.run_dir=runs/gnn"]) == 0
        for name, words in (("ease", ["features=none"]), ("content_knn", []), ("item_knn", ["split.seed=9"])):
            assert train([*toy, f"model={name}", *words, f"paths.run_dir=runs/{name.removeprefix('content_')}"]) == 0
        yield folder


def made(home: Path, name: str, *words: str) -> Path:
    out = home / "made" / name
    if not out.exists():
        runs = [str(home / "runs" / member) for member in MEMBERS]
        assert ensemble([*runs, "depth=20", f"paths.run_dir={out}", *words]) == 0
    return out


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return found


def evaluates_and_serves(out: Path, logs: Path) -> None:
    """Another evaluation has the run's numbers, and what is served are the run's lists."""
    assert evaluate([f"run={out}", f"paths.log_dir={logs}"]) == 0
    (again,) = run_folders(logs)
    assert metrics(again)["test"] == metrics(out)["test"]
    assert metrics(again)["val"] == metrics(out)["val"]
    served = ltgnn.load(out)
    lists = pl.read_parquet(out / "topk.parquet").row(0, named=True)
    found = served.recommend([served.catalogue.user_ids[lists["user"]]], 10)["item"].to_list()
    assert found == [served.catalogue.item_ids[item] for item in lists["items"][:10]]


@pytest.mark.parametrize("blend", ["zscore", "rrf", "learned", "tail_kept"])
def test_it_is_a_run_that_every_command_reads(
    home: Path, blend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = made(home, blend, f"blend={blend}")
    files = {"config.yaml", "status.json", "metrics.json", "per_user.parquet", "topk.parquet", "env.json"}
    assert files | {"data_card.json", "items.parquet", "examples.json"} <= {file.name for file in out.iterdir()}
    capsys.readouterr()
    assert main(["table", *(str(home / "runs" / m) for m in MEMBERS), str(out)]) == 0
    shown = capsys.readouterr().out
    assert re.search(rf" 3  .*ensemble-{blend}.* features=words ", shown)
    assert re.search(r" 1  .*ease.* features=none ", shown)
    assert "epochs=" not in shown
    assert main(["claim", str(home / "runs/gnn"), str(out), "--draws", "200"]) in (0, 2, 3)
    assert main(["compare", str(home / "runs/ease"), str(out)]) == 0
    assert main(["report", str(home / "runs/ease"), str(out), "--out", str(tmp_path / "report.html")]) == 0
    evaluates_and_serves(out, tmp_path)


@pytest.mark.parametrize("blend", ["zscore", "rrf"])
@pytest.mark.parametrize("alone", MEMBERS)
def test_a_weight_for_one_member_alone_is_that_member_to_the_last_digit(home: Path, alone: str, blend: str) -> None:
    names = [member.name for member in open_members([home / "runs" / m for m in MEMBERS])]
    assert names == ["lightgcn-sum", "ease", "content_knn"]
    weights = {f"{name}": float(m == alone) for name, m in zip(names, MEMBERS, strict=True)}
    given = ", ".join(f"{name}: {weight}" for name, weight in weights.items())
    out = made(home, f"{alone}-{blend}", f"blend={blend}", f"blend.weights={{{given}}}")
    own = metrics(home / "runs" / alone)
    for part in ("val", "test"):  # a run without features has no diversity by them
        assert {name: metrics(out)[part][name] for name in own[part]} == own[part]
    assert metrics(out)["selection"]["weights"] == "given"
    columns = [pl.read_parquet(folder / "per_user.parquet") for folder in (out, home / "runs" / alone)]
    assert columns[0].select(columns[1].columns).equals(columns[1])


@pytest.mark.parametrize("blend", ["zscore", "rrf", "learned", "tail_kept"])
def test_test_pairs_change_no_weight_and_validation_pairs_do(
    home: Path, blend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same members, but another part held out at the end: weights are those of the validation part only."""
    weights = OmegaConf.load(made(home, blend, f"blend={blend}") / "config.yaml").blend.weights
    runs = [str(home / "runs" / member) for member in MEMBERS]
    built = entry.build_problem

    def with_parts(change: str) -> Any:
        def changed(cfg: Any, cache: Any) -> Any:
            problem = built(cfg)
            split = problem.split
            part = getattr(split, change)
            moved = part.select(torch.arange(len(part)) % 2 == 0)
            return replace(problem, split=replace(split, **{change: moved}))

        return changed

    for change in ("test", "val"):
        monkeypatch.setattr(entry, "build_problem", with_parts(change))
        out = tmp_path / change
        assert ensemble([*runs, "depth=20", f"blend={blend}", f"paths.run_dir={out}"]) == 0
        found = OmegaConf.load(out / "config.yaml").blend.weights
        assert (found == weights) == (change == "test")


def test_no_fitted_blend_is_below_the_best_member_on_validation(home: Path) -> None:
    """Ascent starts at the best member; what it gains on the pool holds on the whole catalogue here."""
    best = max(metrics(home / "runs" / member)["val"]["ndcg@20"] for member in MEMBERS)
    for blend in ("zscore", "rrf"):
        assert metrics(made(home, blend, f"blend={blend}"))["val"]["ndcg@20"] >= best - 1e-3


def test_trees_rank_in_every_command_and_export_and_explain_say_no(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values of validation are out of fold, and those of another evaluation, without the library."""
    pytest.importorskip("lightgbm")
    out = made(home, "lambdarank", "blend=lambdarank", "blend.trees=20", "blend.least=5")
    assert metrics(out)["selection"]["weights"] == "fitted on val"
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    evaluates_and_serves(out, tmp_path)
    capsys.readouterr()
    assert main(["explain", f"run={out}", "user=u5", "item=i9"]) == 1
    assert "this model's score is not a sum: lambdarank ranks in another way" in capsys.readouterr().err
    assert main(["export", f"run={out}", f"out={tmp_path / 'export'}"]) == 1
    assert "its score is not a sum of inner products" in capsys.readouterr().err
    runs = [str(home / "runs" / member) for member in MEMBERS]
    assert ensemble([*runs, "blend=lambdarank", f"paths.run_dir={tmp_path / 'none'}"]) == 1
    assert "pip install 'ltgnn[rerank]'" in capsys.readouterr().err


@pytest.mark.parametrize("blend", ["zscore", "rrf", "learned", "tail_kept"])
def test_an_ensemble_is_explained_by_its_members(home: Path, blend: str) -> None:
    found = explainer(OpenRun(str(made(home, blend, f"blend={blend}"))))("u5", "i9")
    assert {line.title for line in found.lines} <= {"lightgcn-sum", "ease", "content_knn", "bias"}
    assert sum(line.value for line in found.lines) == pytest.approx(found.score, abs=1e-5)


def test_other_splits_and_other_mistakes_are_named(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gnn, ease, other = (str(home / "runs" / name) for name in ("gnn", "ease", "item_knn"))

    def says(words: list[str], message: str) -> None:
        capsys.readouterr()
        assert ensemble([*words, f"paths.run_dir={tmp_path / 'none'}"]) == 1
        assert message in capsys.readouterr().err
        assert not (tmp_path / "none" / "config.yaml").exists()

    says([gnn, other], f"{gnn} and {other} have different splits")
    says([gnn, gnn], "is given twice")
    says(["blend=rrf"], "requires the folders of finished runs")
    says([gnn, str(tmp_path)], "is not a run folder")
    says([gnn, ease, "blend=rank"], "The options of blend: lambdarank, learned")
    assert main(["ensemble", "--help"]) == 0


def test_a_member_that_was_trained_anew_is_refused(home: Path, tmp_path: Path) -> None:
    cfg = OmegaConf.load(made(home, "zscore", "blend=zscore") / "config.yaml")
    cfg.model.closed_form.runs.ease.key = "another"
    train = open_members([home / "runs/ease"])[0].problem.split.train
    with pytest.raises(UserError, match=r"is not the run that the ensemble was made of \(ease\)"):
        instantiate(cfg.model.closed_form).fit(train, None)

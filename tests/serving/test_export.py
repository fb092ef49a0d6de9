"""Exported models: the same lists as the run, in a process that has neither Lightning nor Hydra."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file

import ltgnn
from ltgnn.commands.export import main
from ltgnn.inference.finished_run import open_run
from ltgnn.types import Damaged, UserError
from tests.conftest import FINISHED as RUNS

BLOCKED = ("pytorch_lightning", "lightning", "hydra", "omegaconf", "transformers", "wandb")

LOAD = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED}:
            raise ImportError(f"{{name}} is blocked")
sys.meta_path.insert(0, Block())
import ltgnn
model = ltgnn.load(sys.argv[1])
model.recommend(k=5).write_parquet(sys.argv[2])
print(model.similar("i3", k=2).height, [name for name in {BLOCKED} if name in sys.modules])
"""


@pytest.mark.parametrize("name", RUNS)
def test_an_exported_model_gives_the_lists_that_were_judged(
    runs: dict[str, Path], exported: dict[str, Path], name: str
) -> None:
    model = ltgnn.load(exported[name])
    judged = pl.read_parquet(runs[name] / "topk.parquet")
    users = [model.catalogue.user_ids[user] for user in judged["user"]]
    frame = model.recommend(users, k=10, reasons=False)
    for user, items, scores in judged.iter_rows():
        mine = frame.filter(pl.col("user") == model.catalogue.user_ids[user])
        wanted = [(i, s) for i, s in zip(items[:10], scores[:10], strict=True) if i >= 0]
        np.testing.assert_allclose(mine["score"], [score for _, score in wanted], rtol=1e-4, atol=1e-5)
        if len({round(score, 4) for _, score in wanted}) == len(wanted):  # ties may fall either way
            assert mine["item"].to_list() == [model.catalogue.item_ids[item] for item, _ in wanted]


def test_loading_needs_neither_lightning_nor_hydra(
    runs: dict[str, Path], exported: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "lists.parquet"
    answer = subprocess.run(
        [sys.executable, "-c", LOAD, str(exported["gnn"]), str(out)], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == ["2", "[]"]
    here = ltgnn.load(runs["gnn"]).recommend(k=5)
    there = pl.read_parquet(out)
    assert there.drop("score").equals(here.drop("score"))
    np.testing.assert_allclose(there["score"], here["score"], rtol=1e-5)


def test_vectors_are_a_table_whose_products_are_the_scores(exported: dict[str, Path]) -> None:
    model = ltgnn.load(exported["gnn"])
    users, items = (pl.read_parquet(exported["gnn"] / f"{kind}_vectors.parquet") for kind in ("user", "item"))
    assert users["id"].to_list() == list(model.catalogue.user_ids)
    product = users["vector"].to_numpy() @ items["vector"].to_numpy().T
    np.testing.assert_allclose(product, model.scorer(torch.arange(len(users))).numpy(), rtol=1e-5, atol=1e-6)
    assert not (exported["ease"] / "user_vectors.parquet").exists()


def test_whoever_may_read_the_folder_may_read_the_model(exported: dict[str, Path]) -> None:
    assert len({file.stat().st_mode for file in exported["gnn"].iterdir()}) == 1


def test_mistakes(runs: dict[str, Path], exported: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is there already"):
        main([f"run={runs['gnn']}", f"out={exported['gnn']}"])
    with pytest.raises(UserError, match="no small head"):
        main([f"run={runs['ease']}", f"out={tmp_path / 'head'}", "onnx=true"])
    assert not (tmp_path / "head").exists()
    with pytest.raises(UserError, match=r"no export\.json"):
        ltgnn.load(tmp_path)
    with pytest.raises(UserError, match=r"no status\.json"):
        main([f"run={tmp_path}", f"out={tmp_path / 'x'}"])
    with pytest.raises(UserError, match=r"Did you mean 'out='"):
        main(["run=x", "ot=y"])
    file = exported["popular"] / "config.yaml"
    file.write_text(file.read_text() + "#")
    with pytest.raises(UserError, match="was changed after the export"):
        ltgnn.load(exported["popular"])


def record_of(folder: Path, **changes: object) -> None:
    record = json.loads((folder / "export.json").read_text())
    (folder / "export.json").write_text(json.dumps(record | changes))


def sealed(folder: Path) -> None:
    """The checksums of the folder as it is: what somebody changed who knew of them."""
    names = json.loads((folder / "export.json").read_text())["sha256"]
    record_of(folder, sha256={n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names})


def with_nan(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["piece0.users"][3, 1] = torch.nan
    save_file(tensors, folder / "model.safetensors")
    sealed(folder)


def shorter(folder: Path) -> None:
    pl.read_parquet(folder / "items.parquet").head(7).write_parquet(folder / "items.parquet")
    sealed(folder)


def broken(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    sealed(folder)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda f: (f / "export.json").write_text(""), r"export\.json cannot be read"),
        (lambda f: (f / "export.json").write_text("[]"), r"export\.json holds a list"),
        (lambda f: (f / "export.json").write_text("{}"), r"export\.json lacks version, name"),
        (lambda f: (f / "export.json").write_text("[" * 100_000), r"export\.json cannot be read"),
        (lambda f: (f / "export.json").write_bytes((f / "export.json").read_bytes()[:99]), r"export\.json cannot be"),
        (lambda f: (f / "export.json").write_bytes(b"\xff\xfe\x00"), r"export\.json cannot be read"),
        (lambda f: record_of(f, version=99), "has format 99"),
        (lambda f: record_of(f, pieces=None), r"export\.json lacks pieces"),
        (lambda f: record_of(f, pieces=[{"form": "sparse items"}]), "damaged"),
        (lambda f: record_of(f, groups={}), "damaged"),
        (lambda f: record_of(f, sha256={}), "no checksum of model.safetensors"),
        (lambda f: record_of(f, sha256={"../export.json": "0"}), "no checksum"),
        (lambda f: (f / "items.parquet").unlink(), "items.parquet is missing"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x"), "model.safetensors is missing or was changed"),
        (with_nan, "piece0.users of model.safetensors holds NaN"),
        (shorter, "damaged"),
        (broken, "damaged"),
    ],
)
def test_a_damaged_export_is_refused_by_folder_and_file(
    exported: dict[str, Path], tmp_path: Path, harm: Callable[[Path], object], message: str
) -> None:
    folder = Path(shutil.copytree(exported["gnn"], tmp_path / "copy"))
    assert ltgnn.load(folder).num_items == 48
    harm(folder)
    with pytest.raises(Damaged, match=message) as caught:
        ltgnn.load(folder)
    assert str(folder) in str(caught.value)


def test_a_place_that_cannot_be_written(runs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        main([f"run={runs['gnn']}", f"out={tmp_path / 'file' / 'model'}"])
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_lists_of_all_lengths_and_users(runs: dict[str, Path]) -> None:
    model = open_run(runs["gnn"])
    frame = model.recommend(["nobody", "u3"], k=200)
    assert frame.filter(pl.col("user") == "nobody")["reason"][0].startswith("popular: ")
    counts = model.split.train.item_counts
    best = model.catalogue.item(frame["item"][0])
    assert counts[best] == counts.max()
    mine = frame.filter(pl.col("user") == "u3")
    user = model.catalogue.user("u3")
    seen = model.seen[1][model.seen[0][user] : model.seen[0][user + 1]].tolist()
    assert mine.height == int(model.scorable.sum()) - len([i for i in seen if model.scorable[i]])
    assert not set(mine["item"]) & {model.catalogue.item_ids[i] for i in seen}
    assert model.recommend([], k=3).height == 0
    with pytest.raises(UserError, match="k=0 given"):
        model.recommend(["u3"], k=0)
    with pytest.raises(UserError, match=r"Did you mean: u3"):
        model.catalogue.user("uu3")


@pytest.mark.parametrize("by", ["model", "features", "users"])
def test_similar_items_are_those_of_greatest_cosine(runs: dict[str, Path], by: str) -> None:
    model = open_run(runs["gnn"])
    assert model.vectors is not None
    assert model.features is not None
    train = model.split.train
    rows = torch.zeros(train.num_items, train.num_users)
    rows[train.items, train.users] = 1
    table = {"model": model.vectors[1], "features": model.features, "users": rows}[by].double()
    wanted = [float(torch.dot(table[5], row) / (table[5].norm() * row.norm()).clamp_min(1e-12)) for row in table]
    wanted[5] = -2
    frame = model.similar("i5", k=6, by=by)  # type: ignore[arg-type]
    np.testing.assert_allclose(frame["cosine"], sorted(wanted, reverse=True)[:6], atol=1e-5)
    for item, cosine in zip(frame["item"], frame["cosine"], strict=True):
        assert wanted[model.catalogue.item(item)] == pytest.approx(cosine, abs=1e-5)

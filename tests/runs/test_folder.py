"""The run folder: whole files, an honest status, a key that is the recipe's."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import torch
from omegaconf import OmegaConf

from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import run_key
from ltgnn.types import Evaluation, TopK

CFG = OmegaConf.create(
    {
        "paths": {"run_dir": "somewhere"},
        "logger": {"project": "a"},
        "sweep": {},
        "task": "train",
        "tags": [],
        "choices": {"model": "mf"},
        "callbacks": {"history": {"path": "${paths.run_dir}/history.csv"}},
        "trainer": {"root": "${paths.run_dir}"},
        "lr": 0.1,
        "seed": 1,
    }
)


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


def test_the_key_is_of_the_recipe() -> None:
    elsewhere = OmegaConf.merge(CFG, {"paths": {"run_dir": "other"}, "logger": {"project": "b"}, "tags": ["x"]})
    assert run_key(elsewhere) == run_key(CFG)
    for change in ({"lr": 0.2}, {"seed": 2}, {"callbacks": {"history": {"path": "x"}}}):
        assert run_key(OmegaConf.merge(CFG, change)) != run_key(CFG)


def test_where_files_are_kept_is_not_in_the_key() -> None:
    places = {"paths": {"run_dir": "/runs/1", "cache_dir": "/here", "data_dir": "/data"}}
    store = {"features": {"store": {"folder": "${paths.cache_dir}/text"}}, "data": {"folder": "${paths.data_dir}/shop"}}
    here = OmegaConf.merge(CFG, places, store)
    other = OmegaConf.merge(here, {"paths": {"run_dir": "/runs/2", "cache_dir": "/there", "data_dir": "/more/data"}})
    assert run_key(here) == run_key(other)
    for change in ({"data": {"folder": "${paths.data_dir}/other"}}, {"data": {"folder": "/hereafter"}}):
        assert run_key(OmegaConf.merge(here, change)) != run_key(here)


def test_the_cache_of_a_user_moves_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from hydra import compose, initialize_config_dir
    from hydra.core.hydra_config import HydraConfig

    from ltgnn.config import resolvers
    from ltgnn.config.paths import conf_dir
    from ltgnn.runs.run_key import key_of

    def key(folder: str) -> str:
        for name in ("CACHE", "DATA", "LOGS"):
            monkeypatch.setenv(f"LTGNN_{name}", f"{folder}/{name}")
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            cfg = compose("train", ["features=tfidf"], return_hydra_config=True)
        cfg.hydra.runtime.output_dir = f"{folder}/LOGS/run"
        HydraConfig.instance().set_config(cfg)
        return key_of(
            {
                k: OmegaConf.to_container(v, resolve=True) if OmegaConf.is_config(v) else v
                for k, v in cfg.items()
                if k != "hydra"
            }
        )

    resolvers.register()
    assert key("/home/a") == key("/home/b")


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

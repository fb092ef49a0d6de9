"""The key of a run: a hash of what can move a number, its resolved recipe and the files that the recipe reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ltgnn.commands.evaluate import main as evaluate
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import key_of, run_key
from tests.conftest import CONF
from tests.runs.existing_run_case import EASE
from tests.runs.folder_case import CFG

Launch = Callable[..., int]


def test_the_key_of_a_run_is_that_of_what_ran(launch: Launch, tmp_path: Path) -> None:
    assert launch(*EASE) == 0
    lists = tmp_path / "lists.csv"
    lists.write_text("user_id,item_id\n" + "".join(f"u{u},i{i}\n" for u in range(80) for i in range(20)))
    place = RunFolder("run").config().data.files.path
    words = ["--config-dir", str(CONF), "data=toy", f"data.files.path={place}"]
    judged = [*words, f"lists={lists}", "paths.run_dir=judged"]
    assert evaluate(judged) == 0
    run = RunFolder("judged")
    status = run.read_json("status.json")
    assert run.recipe()["eval"]["ranks"] == {}  # a list has no ranks, and the record says so
    assert status["key"] == key_of(run.recipe())
    assert str(lists) in status["inputs"]["lists"]
    lists.write_text(lists.read_text().replace("i19", "i40"))
    assert evaluate(judged) == 1  # other lists, the same folder


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

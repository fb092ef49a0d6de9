"""What tests of config share."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from ltgnn.config import resolvers
from ltgnn.config.paths import conf_dir
from tests.config.metric_direction_case import composed
from tests.config.older_recipes_case import OLDER
from tests.config.trust_case import MARK, RUN
from tests.conftest import CONF


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/i.csv").write_text("u,i\n1,2\n")
    (tmp_path / "data/other.csv").write_text("not read")
    return tmp_path / "data"


@pytest.fixture(scope="module")
def evaluation() -> dict[str, Any]:
    found: dict[str, Any] = OmegaConf.to_container(composed().eval, resolve=True)
    return found


@pytest.fixture
def older_runs(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run folders, with the toy shop as their data."""
    places = {"SHOP": shop, "RUNS": tmp_path / "runs", "CACHE": tmp_path / "cache", "DATA": tmp_path / "data"}
    shutil.copytree(OLDER, tmp_path / "runs", ignore=shutil.ignore_patterns("classes.txt"))
    for file in (tmp_path / "runs").rglob("*.*"):
        text = file.read_text(encoding="utf-8")
        for name, place in places.items():
            text = text.replace(name, str(place))
        file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Path:
    """A finished run."""
    from ltgnn.commands.train import main as train

    folder = tmp_path_factory.mktemp("good")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        words = ["data=toy", f"data.files.path={shop}", "features=words", "model=popularity", "logger=none"]
        assert train(["--config-dir", str(CONF), *words, f"hydra.run.dir={folder}/run"]) == 0
    return folder / "run"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to be attacked in, which is the working directory."""

    class Pickle:
        def __reduce__(self) -> Any:
            return open, (MARK, "w")

    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    monkeypatch.setenv("LTGNN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("EVIL", RUN)
    Path("evil.pkl").write_bytes(pickle.dumps(Pickle()))
    (inside / "evilpkg").mkdir()
    (inside / "evilpkg" / "setup.py").write_text(f"open('{inside / MARK}', 'w')")
    Path("events.csv").write_text("user,item\nu1,i1\n")
    yield inside
    assert not list(tmp_path.rglob(f"*{MARK}*")), "the payload was run"
    assert not list(tmp_path.rglob(".lock")), "something was fetched"


@pytest.fixture
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """No job of Hydra's is running: what other tests left in the process has no say."""
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)


@pytest.fixture(scope="module")
def hydra_tree() -> Iterator[None]:
    resolvers.register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield

"""A folder from somebody else runs nothing, and nothing is written outside one's own folders."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ltgnn import cli
from ltgnn.config import trust
from ltgnn.io.libyaml import dump
from ltgnn.runs.folder import RunFolder
from ltgnn.types import UserError
from tests.config.trust_case import COMMANDS, MARK, RUN, poisoned, words

Recipe = dict[str, Any]


def touch(**more: Any) -> Recipe:
    """A target that runs a shell command."""
    return {"_target_": RUN, "command": f"touch {MARK}", **more}


def archive(**changes: Any) -> Recipe:
    """A data set that has to be fetched, from a file of this machine to a place outside."""
    source = {"_target_": "ltgnn.data.download.Urls", "urls": {MARK: "file:///etc/hostname"}}
    files = {"_target_": "ltgnn.data.fetch.Files", "_convert_": "all", "name": "toy", "folder": "place", "origin": "",
             "sha256": {MARK: None}, "sources": [source]}  # fmt: skip
    return files | changes


PAYLOADS: dict[str, tuple[str, Any, str]] = {  # name -> (where in the recipe, what, what the message names)
    "shell": ("data.evil", touch(), RUN),
    "shell as the model": ("model.closed_form", touch(), RUN),
    "pickle by torch": ("data.evil", {"_target_": "torch.load", "f": "evil.pkl", "weights_only": False}, "torch.load"),
    "pickle by joblib": ("data.evil", {"_target_": "joblib.load", "_args_": ["evil.pkl"]}, "joblib.load"),
    "python": (
        "data.evil",
        {"_target_": "numpy.testing.runstring", "_args_": [f"open('{MARK}','w')", {}]},
        "numpy.testing.runstring",
    ),
    "open": ("data.evil", {"_target_": "builtins.open", "file": MARK, "mode": "w"}, "builtins.open"),
    "touch": (
        "data.evil",
        {"_target_": "pathlib.Path.touch", "_args_": [{"_target_": "pathlib.Path", "_args_": [MARK]}]},
        "pathlib.Path.touch",
    ),
    "wheel of a folder": (
        "data.files",
        archive(sources=[{"_target_": "ltgnn.data.download.Wheel", "requirement": "./evilpkg", "unpack": None}]),
        "place",
    ),
    "file outside": ("data.files", archive(sha256={f"../{MARK}": None}), "file:///etc/hostname"),
    # beside those of the report
    "in a list": ("data.template", [{"deep": [[touch(_partial_=True)]]}], RUN),
    "through a module of ltgnn": (
        "data.evil",
        {"_target_": "ltgnn.data.download.subprocess.getoutput", "cmd": f"touch {MARK}"},
        "ltgnn.data.download.subprocess.getoutput",
    ),
    "through a library": (
        "data.evil",
        {"_target_": "torch.nn.init.torch.load", "f": "evil.pkl"},
        "torch.nn.init.torch.load",
    ),
    "by path": (
        "eval.evil",
        {"_target_": "hydra.utils.get_method", "path": "os.system", "_partial_": True},
        "hydra.utils.get_method",
    ),
    "interpolated": (
        "groups.evil",
        {"_target_": "${oc.env:EVIL}", "command": f"touch {MARK}"},
        "${oc.env:EVIL}",
    ),
    "a command of ltgnn": (
        "score.evil",
        {"_target_": "ltgnn.commands.data.main", "argv": ["import", "shop.csv", "--out", MARK]},
        "ltgnn.commands.data.main",
    ),
    "a section of Hydra": ("hydra.callbacks.evil", touch(), "hydra"),
    "a list of defaults": ("split.defaults", [{"/hydra/launcher": "pool"}], "split.defaults"),
    "a group outside": (f"../../{MARK}", {"a": 1}, MARK),
    "a shipped class by position": (
        "data.files",
        {"_target_": "ltgnn.data.fetch.Files", "_args_": ["toy", "place", {MARK: None}, [], ""]},
        "_args_",
    ),
    "a file of one's own": (
        "data.files",
        archive(sources=[{"_target_": "ltgnn.data.download.Archive", "url": "URL:file:///etc/hostname",
                          "digest": None, "unpack": None}]),
        "URL:file",
    ),
    "an environment variable": (
        "data.files",
        archive(sources=[{"_target_": "ltgnn.data.download.Mirror", "variable": "HOME"}]),
        "HOME",
    ),
    "a new folder": ("data.files", archive(folder=MARK, sources=[]), MARK),
}  # fmt: skip

COMPOSING = ("evaluate, swept", "train on its vectors", "text build")
"""Commands that compose the whole yaml tree first, which takes seconds."""


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_is_run_by_any_command(
    payload: str, good: Path, shop: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, what, named = PAYLOADS[payload]
    run = poisoned(good, where, what)
    slow = () if payload.startswith("shell") else COMPOSING  # they come by the same way
    for command in (command for command in COMMANDS if command not in slow):
        assert cli.main(words(command, run, good, shop)) == 1, command
        shown = capsys.readouterr().err
        assert shown.startswith("ltgnn: "), (command, shown)
        assert named in shown, (command, shown)
        assert "config.yaml" in shown, (command, shown)
        assert "Traceback" not in shown
        assert not list(place.parent.parent.rglob(f"*{MARK}*")), command


def test_tables_show_the_run_all_the_same(good: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = poisoned(good, "data.evil", touch())
    assert cli.main(["table", str(run)]) == 0
    assert "popularity" in capsys.readouterr().out


OWN = """
import os
from pathlib import Path
from ltgnn.models.closed_form.plain import Popularity
class Mine(Popularity):
    def __init__(self, random=False):
        super().__init__()
        Path("MINE").touch()
"""


@pytest.fixture
def own(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package ``mineral`` with a model."""
    (place / "lib" / "mineral").mkdir(parents=True)
    (place / "lib" / "mineral" / "__init__.py").write_text("")
    (place / "lib" / "mineral" / "models.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(place / "lib"))
    yield
    for name in [name for name in sys.modules if name.startswith("mineral")]:
        del sys.modules[name]


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("by", ["option", "variable"])
@pytest.mark.parametrize("command", ["recommend", "evaluate", "export", "data stats", "ensemble"])
def test_a_package_of_ones_own_works_where_it_is_trusted(
    command: str, by: str, good: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = poisoned(good, "model.closed_form", {"_target_": "mineral.models.Mine"})
    given = words(command, run, good, shop)
    assert cli.main(given) == 1
    shown = capsys.readouterr().err
    assert all(word in shown for word in ("mineral.models.Mine", "trust=mineral", "LTGNN_TRUST=mineral"))
    assert not Path("MINE").exists()
    assert "mineral" not in sys.modules
    if by == "variable":
        monkeypatch.setenv("LTGNN_TRUST", "tests, mineral")
    assert cli.main([*given, *(["trust=mineral"] if by == "option" else [])]) == 0
    assert Path("MINE").exists() or command == "data stats"
    if by == "option":  # it holds for that command
        shutil.rmtree("out", ignore_errors=True)
        assert cli.main(given) == 1


@pytest.mark.usefixtures("own")
def test_trust_covers_what_the_package_defines_alone(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTGNN_TRUST", "tests,mineral")
    assert trust.is_allowed("mineral.models.Mine")
    for target in ("mineral.models.os.system", "mineral.models.Path.touch", "mineralogy.models.Mine", "mineral"):
        assert not trust.is_allowed(target), target
    with pytest.raises(UserError, match=r"mineral\.models\.Yours cannot be imported \(not found\)"):
        trust.is_allowed("mineral.models.Yours")


LIBRARY_HOMES = ("torch", "pytorch_lightning", "lightning_fabric", "torch_geometric")


def test_names_of_libraries_are_classes_and_initialisations() -> None:
    """What the patterns let through is a class that only keeps its arguments, or fills a tensor."""
    from importlib import import_module

    for module in trust.LIBRARIES:
        for name in dir(import_module(module)):
            if trust.is_allowed(f"{module}.{name}") and callable(found := getattr(import_module(module), name)):
                home = str(getattr(found, "__module__", ""))
                assert home.split(".")[0] in (*LIBRARY_HOMES, "typing", "collections"), f"{module}.{name}"
                assert isinstance(found, type) or module.startswith("torch.nn") or home == "typing", f"{module}.{name}"


def test_data_of_a_colleague_are_looked_for_in_ones_own_folder(good: Path, place: Path, tmp_path: Path) -> None:
    run = poisoned(good, "data.files", archive(folder="/home/bob/data/toy", sources=[]))
    recipe = yaml.safe_load((run / "config.yaml").read_text())
    recipe["paths"] |= {"data_dir": "/home/bob/data", "cache_dir": "/home/bob/features"}
    recipe["features"]["store"]["folder"] = "/home/bob/features"
    (run / "config.yaml").write_text(dump(recipe))
    cfg = RunFolder(run).config()
    assert cfg.data.files.folder == str(tmp_path / "data" / "toy")
    assert cfg.features.store.folder == str(tmp_path / "cache")
    recipe["data"]["files"]["folder"] = "/home/bob/data/../../../etc"
    (run / "config.yaml").write_text(dump(recipe))
    with pytest.raises(UserError, match="LTGNN_DATA"):
        RunFolder(run).config()


def test_trust_ends_with_the_command() -> None:
    words, packages = trust.split_trust(["run=x", "trust=mineral, quartz", "k=3"])
    assert (words, packages) == (["run=x", "k=3"], ["mineral", "quartz"])
    with trust.trusting(packages):
        assert {"mineral", "quartz"} <= set(trust.trusted_packages())
        with trust.trusting(["basalt"]):
            assert {"mineral", "basalt"} <= set(trust.trusted_packages())
        assert "basalt" not in trust.trusted_packages()
    assert "mineral" not in trust.trusted_packages()

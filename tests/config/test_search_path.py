"""A yaml tree of the user, named by a flag, a variable or a plugin, counts everywhere."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from ltgnn.cli import main
from ltgnn.config import search_path
from ltgnn.config.composing import compose_config
from ltgnn.config.search_path import VARIABLE, searching, split_folders
from ltgnn.types import UserError
from tests.conftest import CONF, run_folders

OWN = {
    "loss/mine.yaml": "# my own loss\nmine:\n  _target_: ltgnn.losses.regularisers.L2\n  weight: 0.1 # strength\n"
    "  layers: [0]\n  negatives: false\n",
    "rules/recent.yaml": "# nothing yet\nrecent: {}\n",
    "experiment/first.yaml": "# @package _global_\n# my first experiment\ndefaults:\n  - override /loss: bpr\n"
    "lr: 0.02\n",
    "distance/near.yaml": "# a group of my own\nmetres: 3\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "my conf"
    for name, text in OWN.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_folders_of_a_command_line() -> None:
    words = ["--config-dir", "a", "x=1", "--config-dir=b", "-m", "hydra.searchpath=[file://c,file:///d]", "-cd", "e"]
    assert split_folders(words) == (["x=1", "-m"], ["a", "b", "c", "/d", "e"])
    assert split_folders(["hydra.searchpath=[pkg://lab.conf]"]) == (["hydra.searchpath=[pkg://lab.conf]"], [])
    with pytest.raises(UserError, match="names no folder"):
        split_folders(["x=1", "--config-dir"])


def test_the_variable_is_set_for_a_while(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(CONF))
    with searching([tree]):
        assert os.environ[VARIABLE] == f"{tree}{os.pathsep}{CONF}"
        assert search_path.named_folders() == [tree, CONF]
        assert {"mine", "bpr"} <= set(search_path.option_names("loss"))
        assert {"loss", "distance"} <= set(search_path.group_names())
        assert search_path.option_file("loss", "mine") == tree / "loss/mine.yaml"
    assert os.environ[VARIABLE] == str(CONF)
    with pytest.raises(UserError, match="there is no folder"), searching([tmp_path / "none"]):
        pass
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(UserError, match=f"{VARIABLE}=.*there is no folder"):
        search_path.named_folders()


def test_a_name_of_ltgnn_is_refused(tree: Path) -> None:
    (tree / "loss/bpr.yaml").write_text("x: 1\n")
    with pytest.raises(UserError, match=r"loss/bpr.yaml: ltgnn has loss=bpr of its own"), searching([tree]):
        pass


def test_options_are_composed_listed_and_suggested(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(tree))
    assert compose_config("train", ["loss=mine"]).loss.mine.weight == 0.1
    assert compose_config("recommend", ["rules=recent"]).rules == {"recent": {}}
    assert main(["models", "loss", "distance"]) == 0
    printed = capsys.readouterr().out
    assert "  mine " in printed
    assert "my own loss" in printed
    assert "a group of my own" in printed
    assert main(["models", "loss=mine"]) == 0
    printed = capsys.readouterr().out
    assert "loss.mine.weight=0.1" in printed
    assert "strength" in printed
    with pytest.raises(UserError, match=r"Did you mean 'loss=mine'\?.*Looked in ltgnn's own options and in .*my conf"):
        compose_config("train", ["loss=mien"])
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(UserError, match="--config-dir FOLDER, or LTGNN_CONF=FOLDER"):
        compose_config("train", ["loss=mine"])


def test_every_command_takes_the_flag(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--config-dir", str(tree), "loss.mine"]) == 0
    assert "loss.mine.layers=[0]" in capsys.readouterr().out
    assert main(["train", "loss=mine", "--config-dir", str(tree), "--cfg", "job", "-p", "loss"]) == 0
    assert "weight: 0.1" in capsys.readouterr().out
    assert main(["models", "--config-dir", "nowhere"]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_a_plugin_of_a_package(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a process of its own: Hydra looks for plugins once."""
    import subprocess
    import sys

    plugin = tmp_path / "site/hydra_plugins/lab_conf.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(
        dedent(f"""
        from hydra.plugins.search_path_plugin import SearchPathPlugin

        class Lab(SearchPathPlugin):
            def manipulate_search_path(self, search_path):
                search_path.append("lab", {f"file://{tree}"!r})
        """)
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{Path(search_path.__file__).parents[2]}"}
    for words in (["models", "loss=mine"], ["train", "loss=mine", "--cfg", "job", "-p", "loss"]):
        done = subprocess.run(
            [sys.executable, "-m", "ltgnn.cli", *words], env=environment, capture_output=True, text=True, check=True
        )
        assert "0.1" in done.stdout


def test_the_command_that_repeats_a_run_has_the_folders(
    tree: Path, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of report and run folder; a sweep's processes and the yaml of W&B's agents know the user's options as well."""
    import shlex

    from ltgnn.analysis.report.gather import command
    from ltgnn.runs.reading import read_run

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, f"{tree}{os.pathsep}{CONF}")
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    small = ["data=toy", f"data.files.path={shop}", "features=none", "logger=none", "model=popularity"]
    assert main(["train", "experiment=first", *small, "seed=1,2", "sweep.name=s1", "hydra/launcher=pool", "-m"]) == 0
    found = run_folders(tmp_path / "logs")
    assert len(found) == 2
    again = shlex.split(command(read_run(found[0])))
    assert again[:4] == ["ltgnn", "train", f"--config-dir={tree}", f"--config-dir={CONF}"]
    assert "experiment=first" in again
    assert not any(word.startswith("sweep.") for word in again)
    monkeypatch.delenv(VARIABLE)
    assert main([*again[1:], f"paths.run_dir={tmp_path}/again"]) == 0
    capsys.readouterr()

    assert main(["runs", "sweep-yaml", "--config-dir", str(tree), "loss=mine,bpr"]) == 0
    document = yaml.safe_load(capsys.readouterr().out)
    assert document["command"] == ["ltgnn", "train", f"--config-dir={tree}", "${args_no_hyphens}"]

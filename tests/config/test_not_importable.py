"""A class that cannot be imported: one message with the way out, in every command that meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ltgnn.cli import main
from ltgnn.config.not_importable import how_to_import

AWAY = "Install its package here (pip install -e FOLDER), or set PYTHONPATH to the folder that holds nolab/; or mend"
COMMANDS = {
    "evaluate": ["evaluate", "run={run}"],
    "ensemble": ["ensemble", "{run}", "{other}"],
    "recommend": ["recommend", "run={run}", "users=u1"],
    "explain": ["explain", "run={run}", "user=u1", "item=i1"],
    "similar": ["similar", "i1", "run={run}"],
    "search": ["search", "castle", "run={run}"],
    "export": ["export", "run={run}", "out=out"],
    "update": ["update", "run={run}", "events=events.csv", "out=out"],
    "serve": ["serve", "run={run}"],
}


def test_the_package_is_in_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert how_to_import("nolab.losses.Hinge").startswith(AWAY)
    (tmp_path / "nolab").mkdir()
    assert f"pip install -e . once, or PYTHONPATH={tmp_path}; or mend the name." in how_to_import("nolab.losses.Hinge")


@pytest.fixture
def run(runs: dict[str, Path], tmp_path: Path) -> Path:
    """A finished run whose loss is of a package that is not here."""
    import shutil

    for name in ("run", "other"):
        shutil.copytree(runs["gnn"], tmp_path / name)
        recipe = yaml.safe_load((tmp_path / name / "config.yaml").read_text())
        recipe["loss"]["ranking"] = {"_target_": "nolab.losses.Hinge"}
        (tmp_path / name / "config.yaml").write_text(yaml.safe_dump(recipe))
    return tmp_path / "run"


@pytest.mark.parametrize("command", COMMANDS)
def test_of_a_run(command: str, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(run.parent)
    (run.parent / "events.csv").write_text("user,item\nu1,i1\n")
    words = [word.format(run=run, other=run.parent / "other") for word in COMMANDS[command]]
    assert main([*words, "trust=nolab"]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "trust=nolab: nolab.losses.Hinge cannot be imported (not found)." in said
    assert AWAY in said


def test_of_the_python_api(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ltgnn
    from ltgnn.types import UserError

    monkeypatch.setenv("LTGNN_TRUST", "nolab,tests")
    with pytest.raises(UserError, match="PYTHONPATH to the folder that holds nolab"):
        ltgnn.load(run)


def test_of_training_and_of_the_keys_of_an_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss/mine.yaml").write_text("# mine\nranking: {_target_: nolab.losses.Hinge, margin: 2}\n")
    flag = ["--config-dir", str(tmp_path)]
    assert main(["train", *flag, "loss=mine", "features=none", "logger=none"]) == 1
    said = capsys.readouterr().err
    assert "loss.ranking._target_=nolab.losses.Hinge given, which cannot be imported (No module named 'nolab')" in said
    assert AWAY in said
    assert main(["models", *flag, "loss=mine"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "loss.ranking.margin=2" in printed
    assert "cannot be imported, so types and bounds of its keys are not known" in printed
    assert AWAY in printed

"""``--help`` of the commands that compose a configuration: what is required, groups of this command, its keys."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ltgnn.cli import main
from ltgnn.config.help_page import help_page
from ltgnn.config.paths import conf_dir

ROOTS = ("train", "evaluate", "finetune", "ensemble")


@pytest.mark.parametrize("root", ROOTS)
def test_a_page(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([root, "--help"]) == 0
    page = capsys.readouterr().out
    assert page.startswith(f"usage: ltgnn {root} ")
    assert "powered by Hydra" not in page
    assert "$" not in page
    assert all(part in page for part in ("examples:", "groups (", "keys", "flags:", "--config-dir"))
    assert max(map(len, page.splitlines())) <= 100
    document = yaml.safe_load((conf_dir() / f"{root}.yaml").read_text())
    for key in ("seed", "tags"):
        assert f"  {key}=" in page
    for entry in document["defaults"]:
        for group in entry if isinstance(entry, dict) else ():
            if not group.startswith("override") and group != "paths":
                assert f"  {group}: " in page


def test_what_is_required() -> None:
    assert "run=DIR " in help_page("evaluate")
    assert "lists=FILE.csv" in help_page("evaluate")
    assert "  score: " in help_page("evaluate")
    assert "  model: " not in help_page("evaluate")
    assert "RUN RUN ..." in help_page("ensemble")
    assert "  objective: " in help_page("finetune")


def test_hydra_fills_the_templates_in_as_well() -> None:
    """Programs of others that run our yaml with Hydra: the template has Hydra's own variables."""
    from string import Template

    for root in ROOTS:
        template = yaml.safe_load((conf_dir() / f"{root}.yaml").read_text())["hydra"]["help"]["template"]
        known = {"APP_CONFIG_GROUPS": "", "CONFIG": "", "FLAGS_HELP": "", "HYDRA_HELP": ""}
        assert "usage: ltgnn" in Template(template).substitute(known)


def test_options_of_the_user_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss/mine.yaml").write_text("# mine\n")
    (tmp_path / "distance").mkdir()
    (tmp_path / "distance/near.yaml").write_text("# near\n")
    assert main(["train", "--help", "--config-dir", str(tmp_path)]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "mine, pda" in page
    assert "distance: near" in page

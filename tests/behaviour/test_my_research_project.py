"""The tutorial "My research project", step by step, with ltgnn from a wheel and outside of any checkout."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tutorials/my-research-project.md").read_text(encoding="utf-8")
FENCE = re.compile(r'^```(\w+)(?: title="(\S+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
INSTALL = "pip install -e '.[dev]'"


def shell(folder: Path, text: str, **environment: str) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(
        ["bash", "-euc", text],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dist = tmp_path_factory.mktemp("dist")
    shell(ROOT, f"{shlex.quote(sys.executable)} -m hatchling build -t wheel -d {shlex.quote(str(dist))}")
    (found,) = dist.glob("*.whl")
    return found


def follow(folder: Path, programs: Path, install: str, **environment: str) -> None:
    """Every block of the page in an empty folder; ``install`` takes the place of ``pip install``."""
    variables = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "LTGNN_CACHE": str(folder / "cache"),
    } | environment
    printed, project = "", folder
    for language, title, text in FENCE.findall(PAGE):
        if title:
            (project / title).write_text(text, encoding="utf-8")
        elif language == "text":
            assert text in printed, f"the page shows\n{text}\nbut the command printed\n{printed}"
        elif language == "bash":
            for line in text.replace("\\\n", " ").splitlines():
                if line.startswith("cd "):
                    project = project / line.removeprefix("cd ")
                elif line.startswith("export "):
                    name, _, value = line.removeprefix("export ").partition("=")
                    variables[name] = value
                else:
                    printed = shell(project, install if line == INSTALL else line, **variables)


def test_every_step_runs_on_the_unpacked_wheel(wheel: Path, tmp_path: Path) -> None:
    """Both packages by ``PYTHONPATH``, without an installation."""
    site, programs, folder = tmp_path / "site", tmp_path / "bin", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(site)
    programs.mkdir()
    folder.mkdir()
    for name, module in (("ltgnn", "ltgnn.cli"), ("pytest", "pytest")):
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        (programs / name).chmod(0o755)
    where = f"import ltgnn, sys; assert ltgnn.__file__.startswith({str(site)!r}), ltgnn.__file__"
    paths = {"PYTHONPATH": f"{site}{os.pathsep}{folder / 'myrec'}", "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    shell(folder, f"{shlex.quote(sys.executable)} -c {shlex.quote(where)}", **paths)
    follow(folder, programs, "true", **paths)
    for tool in ("ruff check .", "ruff format --check myrec hydra_plugins tests"):
        shell(folder / "myrec", f"{shlex.quote(sys.executable)} -m {tool}", **paths)


@pytest.mark.slow
def test_every_step_runs_where_both_are_installed(wheel: Path, tmp_path: Path) -> None:
    """In a virtual environment with the libraries of this one; nothing is fetched."""
    venv, folder = tmp_path / "venv", tmp_path / "empty"
    folder.mkdir()
    shell(tmp_path, f"{shlex.quote(sys.executable)} -m venv {shlex.quote(str(venv))}")
    (site,) = venv.glob("lib/python*/site-packages")
    here = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    (site / "libraries.pth").write_text(f"{here}\n")
    quiet = f"{shlex.quote(str(venv / 'bin/python'))} -m pip install -q --no-deps --no-build-isolation"
    shell(tmp_path, f"{quiet} {shlex.quote(str(wheel))}")
    (venv / "bin/pytest").write_text(f'#!/bin/sh\nexec {shlex.quote(str(venv / "bin/python"))} -m pytest "$@"\n')
    (venv / "bin/pytest").chmod(0o755)
    where = shell(folder, f"{shlex.quote(str(venv / 'bin/python'))} -c 'import ltgnn; print(ltgnn.__file__)'")
    assert str(site) in where
    follow(folder, venv / "bin", f"{quiet} -e .")
    shell(folder / "myrec", f"{shlex.quote(str(venv / 'bin/python'))} -m mypy")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2rec", "a name for a Python package wanted"),
        ("my-rec", "a name for a Python package wanted"),
        ("class", "a name for a Python package wanted"),
        ("torch", "is a package that is installed here already"),
        ("tests", "is a folder of the project itself"),
        ("there", "is there already"),
    ],
)
def test_a_name_that_cannot_be(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ltgnn.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    assert main(["init", name]) == 1
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


def test_another_name_is_written_throughout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ltgnn.cli import main

    folder = tmp_path / "tail_lab"
    assert main(["init", str(folder)]) == 0
    assert "experiment=tail_lab_first" in capsys.readouterr().out
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert len(written) > 12
    assert (folder / ".gitignore").is_file()
    for file in written:
        assert "myrec" not in f"{file.name}{file.read_text(encoding='utf-8')}".lower(), file
    assert "class TailLabConf" in (folder / "hydra_plugins/tail_lab_conf.py").read_text()

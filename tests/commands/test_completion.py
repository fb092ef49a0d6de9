"""Tab completion: what bash puts into COMPREPLY, asked of bash itself, and that nothing slow is imported for it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ltgnn.cli import COMMANDS, main
from ltgnn.commands.completion.candidates import candidates
from ltgnn.commands.completion.command_text import flags, keys, subcommands

SLOW = ("torch", "hydra", "omegaconf", "pydantic", "polars", "numpy", "transformers", "matplotlib")
NAMES = {name: module for name, (module, _) in COMMANDS.items()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two runs, a sweep, a file, and a yaml tree of the user."""
    for name in ("logs/train/runs/2026_a", "logs/train/runs/2026_b", "logs/train/multiruns/S/001_x"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "status.json").write_text("{}")
    (tmp_path / "logs/train/multiruns/S/.sweep").mkdir()
    (tmp_path / "events.csv").write_text("user,item\n")
    (tmp_path / "conf/loss").mkdir(parents=True)
    (tmp_path / "conf/loss/mine.yaml").write_text("# mine\nranking: {_target_: lab.Mine, strength: 2}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LTGNN_LOGS", raising=False)
    return tmp_path


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ltgnn").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ltgnn.cli "$@"\n')
    (folder / "ltgnn").chmod(0o755)
    return folder


ASK = """
eval "$(ltgnn completion bash)"
COMP_LINE=$1; COMP_POINT=${#1}; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_ltgnn
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""The words arrive as bash cuts them: ``=`` is a word of its own."""


@pytest.mark.parametrize(
    ("line", "words", "found"),
    [
        ("ltgnn tr", ["ltgnn", "tr"], ["train"]),
        ("ltgnn train loss=soft", ["ltgnn", "train", "loss", "=", "soft"], ["softmax", "softmax_tail"]),
        ("ltgnn train loss=", ["ltgnn", "train", "loss", "="], ["bpr", "softmax"]),
        ("ltgnn train loss=bpr,soft", ["ltgnn", "train", "loss", "=", "bpr,soft"], ["bpr,softmax"]),
        ("ltgnn train los", ["ltgnn", "train", "los"], ["loss="]),
        (
            "ltgnn train loss=softmax loss.ranking.te",
            ["ltgnn", "train", "loss", "=", "softmax", "loss.ranking.te"],
            ["loss.ranking.temperature="],
        ),
        ("ltgnn export run=logs/train/ru", ["ltgnn", "export", "run", "=", "logs/train/ru"], ["logs/train/runs/"]),
        ("ltgnn serve run=", ["ltgnn", "serve", "run", "="], ["logs/train/runs/2026_a", "logs/train/runs/2026_b"]),
        ("ltgnn table ", ["ltgnn", "table", ""], ["logs/train/multiruns/S", "logs/train/multiruns/S/001_x"]),
        ("ltgnn train --cfg ", ["ltgnn", "train", "--cfg", ""], ["job", "hydra", "all"]),
        ("ltgnn models loss.sof", ["ltgnn", "models", "loss.sof"], ["loss.softmax"]),
        (
            "ltgnn train --config-dir=conf loss=mi",
            ["ltgnn", "train", "--config-dir", "=", "conf", "loss", "=", "mi"],
            ["mine"],
        ),
    ],
)  # fmt: skip
def test_bash(line: str, words: list[str], found: list[str], place: Path, programs: Path) -> None:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    code = Path(main.__code__.co_filename).parents[1]
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", line, *words],
        cwd=place,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(code)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert set(found) <= set(done.stdout.split("\n")), done.stdout + done.stderr
    start = words[-1].strip("=")
    assert all(reply.startswith(start) for reply in done.stdout.split("\n") if reply)


def test_nothing_slow_is_imported(place: Path) -> None:
    lines = [
        "ltgnn train loss=s",
        "ltgnn train loss.ranking.",
        "ltgnn data stats ml",
        "ltgnn recommend rules=",
        "ltgnn m",
    ]
    code = "import sys\nfrom ltgnn.cli import main\nfor line in sys.argv[1:]: main(['completion', '--line', line])\n"
    code += f"print([name for name in {SLOW} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code, *lines], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "loss=softmax" in done.stdout


def test_own_yaml_keys_flags_and_subcommands(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTGNN_CONF", str(place / "conf"))
    assert candidates("ltgnn train loss=mi", NAMES) == ["loss=mine"]
    assert candidates("ltgnn train loss=mine loss.", NAMES) == ["loss.ranking.strength="]
    assert candidates("ltgnn data ", NAMES)[:2] == ["audit", "diff"]
    assert "ml100k" in candidates("ltgnn data stats ml", NAMES)
    assert "build" in subcommands(NAMES["features"])
    assert "prune" in subcommands(NAMES["features"])
    assert {"run", "events", "items", "out"} <= set(keys(NAMES["update"]))
    assert "--policy" in flags("table", NAMES["table"])
    assert candidates("ltgnn update run=x events=ev", NAMES) == ["events=events.csv"]
    assert candidates("ltgnn train profile=", NAMES) == ["profile=false", "profile=true"]
    assert candidates("ltgnn nonsense ", NAMES) == []
    assert candidates("ltgnn train 'unclosed", NAMES) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "ltgnn completion --line" in capsys.readouterr().out


def test_help_and_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "--help"]) == 0
    assert "~/.bashrc" in capsys.readouterr().out
    assert main(["completion", "tcsh"]) == 1
    assert "bash, zsh, fish" in capsys.readouterr().err


def test_hydras_own_names_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--shell-completion", "install=bash"]) == 1
    assert "ltgnn completion bash" in capsys.readouterr().err

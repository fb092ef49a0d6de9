"""Tab completion: what bash puts into COMPREPLY, asked of bash itself, and that nothing slow is imported for it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ltgnn.cli import main


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


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "ltgnn completion --line" in capsys.readouterr().out


def test_help_and_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "--help"]) == 0
    assert "~/.bashrc" in capsys.readouterr().out
    assert main(["completion", "tcsh"]) == 1
    assert "bash, zsh, fish" in capsys.readouterr().err

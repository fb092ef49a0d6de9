"""Tab completion in zsh and fish themselves, where they are installed."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ltgnn.cli import main

PATIENCE = 120
"""Seconds until a shell that says nothing more has failed."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with two runs, and a program ``ltgnn`` in bin/."""
    for name in ("2026_a", "2026_b"):
        (tmp_path / "logs/train/runs" / name).mkdir(parents=True)
        (tmp_path / "logs/train/runs" / name / "status.json").write_text("{}")
    (tmp_path / "events.csv").write_text("user,item\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ltgnn").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ltgnn.cli "$@"\n')
    (tmp_path / "bin/ltgnn").chmod(0o755)
    return tmp_path


def environment(place: Path) -> dict[str, str]:
    code = Path(main.__code__.co_filename).parents[1]
    kept = {key: value for key, value in os.environ.items() if key not in ("LTGNN_LOGS", "LTGNN_CONF")}
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return kept | {"PATH": path, "PYTHONPATH": str(code), "HOME": str(place), "TERM": "dumb"}


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ltgnn tr", ["train"]),
        ("ltgnn train model=li", ["model=lightgcn", "model=lightgcnpp"]),
        ("ltgnn train fusion=id,su", ["fusion=id,sum"]),
        ("ltgnn train data=ml1m_", ["data=ml1m_ultragcn"]),
        ("ltgnn export run=logs/train/runs/", ["run=logs/train/runs/2026_a", "run=logs/train/runs/2026_b"]),
        ("ltgnn data import ev", ["events.csv"]),
    ],
)
def test_fish(line: str, found: list[str], place: Path) -> None:
    folder = place / ".config/fish/completions"
    folder.mkdir(parents=True)
    env = environment(place) | {"XDG_CONFIG_HOME": str(place / ".config")}
    script = f"ltgnn completion fish > {folder}/ltgnn.fish; complete -C {shlex.quote(line)}"
    done = subprocess.run(
        ["fish", "-c", script], cwd=place, env=env, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    offered = [row.partition("\t")[0] for row in done.stdout.splitlines()]
    assert set(found) <= set(offered), done.stdout + done.stderr
    assert all(word.startswith(line.rpartition(" ")[2]) for word in offered)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh(place: Path) -> None:
    start = "PROMPT='>'; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -D -u; "
    shell = Terminal(["zsh", "-f", "-i"], place)
    try:
        shell.type(start + 'eval "$(ltgnn completion zsh)"; print rea""dy\r')
        shell.expect(r"ready\r")
        for typed, wanted in (
            ("ltgnn tr\t", r"train "),
            ("ltgnn train model=lightgcnp\t", r"lightgcnpp "),
            ("ltgnn train data=ml1m_\t", r"ml1m_ultragcn "),
            ("ltgnn export run=logs/train/runs/2026_\t", r"2026_a +run=logs/train/runs/2026_b"),
            ("LTGNN_LOGS=logs ltgnn train fusion=id,su\t", r"id,sum "),
            ("ltgnn data import ev\tx", r"eval"),
        ):
            shell.type(typed)
            shell.expect(wanted)
            shell.type("\x15")  # the line is taken back
    finally:
        shell.close()


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, words: list[str], place: Path) -> None:
        self.end, inner = pty.openpty()
        self.program = subprocess.Popen(
            words, cwd=place, env=environment(place), stdin=inner, stdout=inner, stderr=inner, start_new_session=True
        )
        os.close(inner)
        self.seen = ""

    def type(self, text: str) -> None:
        self.seen = ""
        os.write(self.end, text.encode())

    def expect(self, pattern: str) -> None:
        """Waits until the output has ``pattern``."""
        until = time.monotonic() + PATIENCE
        while not re.search(pattern, self.seen):
            ready, _, _ = select.select([self.end], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{pattern} is not in what zsh shows: {self.seen!r}"
            self.seen += os.read(self.end, 4096).decode(errors="replace")

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.end)

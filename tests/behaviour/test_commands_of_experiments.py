"""The pages of experiments/ name commands, scripts and flags that there are."""

from __future__ import annotations

import re

import pytest

from tests.test_package import ROOT, commands_of, parse_command

PAGES = sorted((ROOT / "experiments").glob("*/*.md"))
LINES = [line for page in PAGES for line in commands_of(page)]
SCRIPT = re.compile(r"python ((?:scripts|experiments)/[^`|#\n]+)")
SCRIPTS = sorted({found for page in PAGES for found in SCRIPT.findall(page.read_text(encoding="utf-8"))})


@pytest.mark.parametrize("line", LINES)
def test_commands_parse(line: str) -> None:
    parse_command(line)


@pytest.mark.parametrize("command", SCRIPTS)
def test_scripts_have_these_flags(command: str) -> None:
    script, *words = command.split()
    source = (ROOT / script).read_text(encoding="utf-8")
    assert [word for word in words if word.startswith("--") and f'"{word}"' not in source] == []


def test_there_are_some() -> None:
    assert len(LINES) > 5
    assert len(SCRIPTS) > 5

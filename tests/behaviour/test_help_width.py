"""Every ``--help`` fits a terminal of 80 columns, and no page is empty."""

from __future__ import annotations

import re

import pytest

from ltgnn.cli import COMMANDS, main

SUBCOMMANDS = ("data", "features", "runs")


def help_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What ``ltgnn WORDS --help`` prints."""
    try:
        code: object = main([*words, "--help"])
    except SystemExit as left:
        code = left.code
    assert code in (0, None)
    return capsys.readouterr().out


def assert_fits(text: str) -> None:
    assert "usage: ltgnn" in text
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert "``" not in text  # reStructuredText of a docstring


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_a_help_page_has_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert_fits(help_of([command] if command else [], capsys))


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_the_pages_below_a_command_have_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    page = help_of([command], capsys)
    below = set(re.findall(r"^    ([a-z-]+) ", page, re.MULTILINE))
    assert len(below) >= 2
    for name in below:
        assert_fits(help_of([command, name], capsys))

"""Text of data on a terminal moves no cursor and is no markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ltgnn.io.terminal import WIDTH, literal, open_console, printable, printable_lines, say


def test_control_characters_and_line_breaks() -> None:
    assert printable("a\n\tb") == "a b"
    assert printable("\x1b[31mred\x1b[0m") == "red"
    assert printable("a\x00b\u202ec") == "a\ufffdb\ufffdc"
    assert printable_lines("a\nb\tc") == "a\nb c"


def test_brackets_are_brackets() -> None:
    assert literal("[bold]x").plain == "[bold]x"
    out = io.StringIO()
    say(Console(file=out, width=20), "[red] " + "x" * 40)
    assert out.getvalue() == "[red] " + "x" * 40 + "\n"


def test_a_pipe_is_as_wide_as_the_widest_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert open_console().width == WIDTH
    monkeypatch.setenv("COLUMNS", "50")
    assert open_console().width == 50

"""Command lines of keys and values."""

from __future__ import annotations

import pytest

from ltgnn.config.arguments import choice, number, parse
from ltgnn.types import UserError

KNOWN = {"run": None, "k": "10"}


def test_values_defaults_and_others() -> None:
    assert parse(["logs/x", "rules.cap=2"], KNOWN, "usage", "run", "rules") == (
        {"k": "10", "run": "logs/x"},
        ["rules.cap=2"],
    )


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(["--help"], KNOWN, "the usage") is None
    assert "the usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [(["rnu=x"], "Did you mean 'run='?"), (["k=3"], "run= is missing"), (["run=x", "y"], "'y' is not understood")],
)
def test_mistakes(words: list[str], said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(words, KNOWN, "usage")
    assert said in str(caught.value)


def test_numbers_and_choices() -> None:
    assert number({"k": "3"}, "k") == 3
    assert choice({"by": "users"}, "by", ["users"]) == "users"
    for given in ("0", "x", "1.5"):
        with pytest.raises(UserError, match=f"k={given} given, a whole number of at least 1 wanted"):
            number({"k": given}, "k")
    with pytest.raises(UserError, match=r"by=x given, one of users, model wanted"):
        choice({"by": "x"}, "by", ["users", "model"])

"""``ltgnn answers``: what is asked wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.answers import main
from ltgnn.types import UserError


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert 'usage: ltgnn answers FAQ.csv "QUESTION"' in capsys.readouterr().out


@pytest.mark.parametrize("word", ["k=0", "format=xml"])
def test_mistakes_name_the_key(tmp_path: Path, word: str) -> None:
    (tmp_path / "faq.csv").write_text("question,answer\nwhere,here\n")
    with pytest.raises(UserError, match=rf"{word} given"):
        main([str(tmp_path / "faq.csv"), "where is it", word])

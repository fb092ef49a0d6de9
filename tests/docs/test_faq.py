"""Every message that the FAQ quotes is one that ltgnn, or Hydra, prints."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUOTED = re.findall(
    r"^```text\n(.*?)\n```$", (ROOT / "docs/faq.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
OF_HYDRA = ("Ambiguous value for argument 'fusion=id,sum'", "no viable alternative at input")


def rendered(node: ast.Constant | ast.JoinedStr) -> str:
    """The text of a literal, ``...`` for what is filled in."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in parts)


@pytest.fixture(scope="module")
def texts() -> str:
    """All literals of the package, one a line."""
    nodes = [node for file in (ROOT / "ltgnn").rglob("*.py") for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    found = [" ".join(rendered(node).split()) for node in nodes if isinstance(node, (ast.Constant, ast.JoinedStr))]
    return "\n".join(found)


@pytest.mark.parametrize("message", [message for message in QUOTED if message not in OF_HYDRA])
def test_the_message_exists(message: str, texts: str) -> None:
    pieces = [piece.strip() for piece in message.split("...") if len(piece.strip()) > 4]
    assert pieces
    assert [piece for piece in pieces if piece not in texts] == []


def test_hydra_says_the_others() -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    with pytest.raises(HydraException, match=OF_HYDRA[1]):
        OverridesParser.create().parse_override("data.template={title}")
    assert set(OF_HYDRA) <= set(QUOTED)

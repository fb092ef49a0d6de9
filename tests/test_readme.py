"""README is short, its table is the one that its script makes, its links lead somewhere; commands: test_package.py."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 150
SECTIONS = (
    "Installation", "Quickstart", "What is included", "Your own data", "Compare and claim", "Reproduced results",
    "Documentation", "Citing", "Contributing", "Licence",
)  # fmt: skip


def blocks(language: str) -> list[str]:
    """The code blocks in a language."""
    return [body for name, body in re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL) if name == language]


def test_it_is_short_and_has_the_sections_of_its_contents() -> None:
    assert len(README.splitlines()) <= LONGEST
    assert tuple(re.findall(r"^## (.+)$", README, re.MULTILINE)) == SECTIONS


def test_links_lead_somewhere() -> None:
    anchors = {section.lower().replace(" ", "-") for section in SECTIONS}
    for target in re.findall(r"\]\(([^)\s]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("https://"):
            assert (ROOT / target).exists(), target


def included() -> ModuleType:
    """scripts/included.py, which is not part of a package."""
    spec = importlib.util.spec_from_file_location("included", ROOT / "scripts/included.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_included_is_read_from_the_options() -> None:
    script = included()
    assert script.put(README, script.table()) == README, "python scripts/included.py"
    for one in ("[`lightgcn`](https://arxiv.org/abs/2002.02126) (SIGIR 2020)", "`bpr` (UAI 2009)", "`ndcg`", "ml100k"):
        assert one in README


@pytest.mark.parametrize(
    ("source", "cell"),
    [
        ("", "`x`"),
        ("ICDM 2008", "`x` (ICDM 2008)"),
        ("He et al., SIGIR 2020, arXiv:2002.02126, eq. 3", "[`x`](https://arxiv.org/abs/2002.02126) (SIGIR 2020)"),
        ("SimGCL, SIGIR 2022; XSimGCL, TKDE 2023", "`x` (SIGIR 2022, TKDE 2023)"),
        ("Shani and Gunawardana, Recommender\n Systems Handbook 2011", "`x` (Recommender Systems Handbook 2011)"),
        ("Devlin et al. 2019", "`x` (Devlin et al. 2019)"),
    ],
)
def test_a_source_becomes_a_venue_a_year_and_a_link(source: str, cell: str) -> None:
    assert included().cite("x", source) == cell


def test_python_of_the_readme_names_what_exists() -> None:
    import ltgnn

    (code,) = blocks("python")
    names = {
        node.attr
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ltgnn"
    }
    assert names
    assert [name for name in names if not hasattr(ltgnn, name)] == []

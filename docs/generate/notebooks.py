"""The notebooks of docs/notebooks/ as pages: their cells as Markdown, without being run."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

HOME = Path(__file__).parents[1] / "notebooks"


@cache
def names() -> tuple[str, ...]:
    """Stems of the notebooks."""
    return tuple(sorted(file.stem for file in HOME.glob("*.ipynb")))


def page(name: str) -> str:
    """A notebook as Markdown: its first cell, where to get it, and the other cells in order."""
    cells = json.loads((HOME / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    first, *others = [cell_text(cell["cell_type"], "".join(cell["source"]).strip()) for cell in cells]
    note = (
        f"This page is a notebook: [{name}.ipynb]({name}.ipynb){{ download }}. Run it to see tables and pictures; "
        "it is kept without them."
    )
    return "\n\n".join([first, note, *others]) + "\n"


def cell_text(kind: str, source: str) -> str:
    """A cell as Markdown; code in a fence that is longer than any inside."""
    if kind != "code":
        return source
    fence = "`" * 3
    while fence in source:
        fence += "`"
    return f"{fence}python\n{source}\n{fence}"

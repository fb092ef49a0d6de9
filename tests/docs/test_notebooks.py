"""A notebook as a page: all its cells, in order, and a link to the file."""

from __future__ import annotations

import json

import pytest

from docs.generate import notebooks
from tests.docs.code_blocks import ROOT


@pytest.mark.parametrize("name", notebooks.names())
def test_every_cell_is_on_the_page(name: str) -> None:
    page = notebooks.page(name)
    assert page.startswith("# ")
    assert f"({name}.ipynb)" in page
    cells = json.loads((ROOT / f"docs/notebooks/{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    places = [page.index("".join(cell["source"]).strip()) for cell in cells]
    assert places == sorted(places)
    assert page.count("```python\n") == sum(cell["cell_type"] == "code" for cell in cells)


def test_a_fence_inside_of_code() -> None:
    assert notebooks.cell_text("code", 'a = """\n```\n"""') == '````python\na = """\n```\n"""\n````'

"""The site builds strictly, from what is here, and needs nothing from elsewhere to be read or searched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

from docs.generate import pages
from docs.generate.site import filled

ROOT = Path(__file__).parents[2]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The built site. A broken link or anchor, or a page outside of the navigation, is an error."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path / "site"
    config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True)
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    return folder


def test_site(site: Path) -> None:
    """One test, since it takes a build."""
    every_page_is_there(site)
    nothing_is_fetched(site)
    search_is_in_the_site(site)
    api_pages_have_the_docstrings(site)


def every_page_is_there(site: Path) -> None:
    missing = [path for path in pages.PAGES if not (site / path).with_suffix(".html").is_file()]
    assert not missing
    assert (site / "images/study.svg").is_file()
    assert (site / "images/hybrid/claims.png").is_file()
    assert not list(site.rglob("*.py"))


def nothing_is_fetched(site: Path) -> None:
    """No script, style, font or picture of another address."""
    for file in site.rglob("*.html"):
        text = re.sub(r"<pre.*?</pre>", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        loaded = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(https?:[^\" >]+)", text)
        loaded += re.findall(
            r"<link\b(?=[^>]*rel=\"?(?:stylesheet|preconnect|preload))[^>]*href=\"?(https?:[^\" >]+)", text
        )
        assert not loaded, file
    for file in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?https?:|@import", file.read_text(encoding="utf-8")), file


def search_is_in_the_site(site: Path) -> None:
    """As data for a server and as a script for pages that are opened as files."""
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    places = {entry["location"].partition("#")[0] for entry in index["docs"] if "temperature" in entry["text"]}
    assert "reference/options/loss.html" in places
    assert (site / "search/search_index.js").read_text(encoding="utf-8").startswith("var __index = ")
    assert "assets/iframe-worker.js" in (site / "index.html").read_text(encoding="utf-8")


def api_pages_have_the_docstrings(site: Path) -> None:
    assert "A finished model, ready to answer" in (site / "reference/python.html").read_text(encoding="utf-8")
    assert 'id="ltgnn.types.Encoder.forward"' in (site / "reference/types.html").read_text(encoding="utf-8")


def test_an_unknown_block_is_refused() -> None:
    assert "| extra |" in filled("# A page\n\n<!-- generated: extras -->\n", "page.md")
    with pytest.raises(PluginError, match=r"page\.md: no generated block 'nothing'; there are extras"):
        filled("<!-- generated: nothing -->", "page.md")

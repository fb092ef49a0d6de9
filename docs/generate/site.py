"""Hooks of MkDocs: generated pages, and generated blocks ``<!-- generated: NAME -->`` in pages that people write."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from docs.generate import pages, records  # noqa: E402  # MkDocs loads this file by its path
from docs.generate.meanings import Unexplained  # noqa: E402
from docs.generate.python_api import Undocumented  # noqa: E402
from docs.generate.stacked_tables import StackedTables  # noqa: E402

BLOCK = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The pages of config groups go into the navigation; wide tables are marked."""
    config.nav = expanded(config.nav, pages.GROUPS)
    config.markdown_extensions.append(StackedTables())
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that no file holds."""
    for path, page in pages.PAGES.items():
        try:
            files.append(File.generated(config, path, content=page()))
        except (Unexplained, Undocumented, KeyError) as error:
            raise PluginError(f"{path}: {error}") from error
    for picture in records.PICTURES:
        path = f"images/{picture.parent.name}/{picture.name}"
        files.append(File.generated(config, path, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Fills the generated blocks of a page."""
    return filled(markdown, page.file.src_uri)


def filled(markdown: str, place: str) -> str:
    """``markdown`` with its blocks; an unknown name is an error."""

    def block(found: re.Match[str]) -> str:
        if found[1] not in pages.BLOCKS:
            raise PluginError(f"{place}: no generated block '{found[1]}'; there are {', '.join(pages.BLOCKS)}")
        try:
            return pages.BLOCKS[found[1]]()
        except KeyError as error:
            raise PluginError(f"{place}: {error}") from error

    return BLOCK.sub(block, markdown)


def expanded(nav: Any, groups: Mapping[str, str]) -> Any:
    """The navigation with the pages of config groups behind that of all options."""
    if isinstance(nav, list):
        return [expanded(one, groups) for one in nav]
    if isinstance(nav, dict):
        if nav.get("Options") == pages.OPTIONS:
            return {"Options": [pages.OPTIONS, *({title: path} for title, path in groups.items())]}
        return {title: expanded(inner, groups) for title, inner in nav.items()}
    return nav

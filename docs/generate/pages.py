"""What the build makes: pages by their path, blocks by their name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from docs.generate import (
    command_line,
    environment,
    extras,
    file_reference,
    json_api,
    knobs,
    metrics,
    notebooks,
    options,
    python_api,
    records,
)
from scripts import included

OPTIONS = "reference/options.md"
GROUPS: Mapping[str, str] = {group: f"reference/options/{group}.md" for group in options.groups()}
"""Config group -> its page."""

PAGES: Mapping[str, Callable[[], str]] = {
    OPTIONS: options.index,
    **{path: partial(options.page, group) for group, path in GROUPS.items()},
    "reference/knobs.md": knobs.page,
    "reference/metrics.md": metrics.page,
    "reference/files.md": file_reference.page,
    "reference/command-line.md": command_line.page,
    "reference/python.md": python_api.api,
    "reference/types.md": python_api.types,
    "reference/testing.md": python_api.testing,
    "reference/json-api.md": json_api.page,
    "reference/environment.md": environment.page,
    **{f"notebooks/{name}.md": partial(notebooks.page, name) for name in notebooks.names()},
    "results.md": records.results,
    "changelog.md": records.changelog,
    "contributing.md": records.contributing,
}
"""Path in the site -> its Markdown."""

BLOCKS: Mapping[str, Callable[[], str]] = {
    "extras": extras.block,
    "included": included.table,
    "quickstart": records.quickstart,
    "environment": environment.block,
    **{f"bench-{name}": partial(records.benchmark, name) for name in records.BENCHMARKS},
}
"""``<!-- generated: NAME -->`` in a page -> what stands there in the site."""

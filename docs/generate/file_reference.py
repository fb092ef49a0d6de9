"""Reference page of the files that ltgnn leaves, from ``files.yaml``, which a test compares with real folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from docs.generate.tables import code, table

DECLARED = Path(__file__).with_name("files.yaml")


def declared() -> dict[str, Any]:
    """Kind of folder -> about, files."""
    return dict(yaml.safe_load(DECLARED.read_text(encoding="utf-8")))


def page() -> str:
    """Every folder with its files, their columns and keys."""
    lines = [
        "# Files",
        "",
        "In the names, `GROUP` is a group of a policy (`items20/head`), `K` a list length; `?`: not always there.",
    ]
    for kind, folder in declared().items():
        lines += ["", f"## {kind.capitalize()}", "", folder["about"], ""]
        lines += [table(("file", "what it is", "only with"), [_row(*one) for one in folder["files"].items()])]
        for name, file in folder["files"].items():
            for what, entries in (("column", file.get("columns")), ("key", file.get("keys"))):
                if entries:
                    lines += [
                        "",
                        f"### {kind}: {name}",
                        "",
                        table((what, "type and meaning"), [[code(k), v] for k, v in entries.items()]),
                    ]
    return "\n".join(lines) + "\n"


def _row(name: str, file: Any) -> list[str]:
    return [code(name), file["about"], code(file["when"]) if "=" in file.get("when", "") else file.get("when", "")]

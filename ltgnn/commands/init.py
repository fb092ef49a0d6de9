"""``ltgnn init NAME``: a small package for parts of one's own, with yaml, tests and data, ready to install."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from ltgnn.config.paths import template_dir
from ltgnn.io.atomic_write import replace_atomically
from ltgnn.types import UserError

USAGE = """usage: ltgnn init FOLDER

Writes a Python package of your own with parts for ltgnn: a loss, an encoder, a
data set, an experiment with all three, and tests. The last part of FOLDER is
the name of the package; the folder must not exist yet.

examples:
  ltgnn init myrec
  ltgnn init ~/research/myrec

then:
  cd myrec
  pip install -e '.[dev]'      # `ltgnn` now knows the options of myrec/conf
  pytest
  ltgnn train experiment=myrec_first
  ltgnn models loss=myrec_hinge
"""

NAME = "myrec"
"""The package's name in the templates."""

TAKEN = ("conf", "data", "hydra_plugins", "tests")
"""Folders of the project."""

HIDDEN = {"gitignore": ".gitignore"}
"""Files of the template that have another name in the project."""


def main(argv: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if argv is None else argv)
    if not given or any(word in ("-h", "--help") for word in given):
        print(USAGE)
        return 0
    if len(given) > 1 or given[0].startswith("-"):
        raise UserError(f"ltgnn init: '{' '.join(given)}' given, one folder wanted.\n\n{USAGE}")
    folder = Path(given[0]).expanduser()
    write_project(folder)
    print(f"written: {folder}\n\nnext:\n  cd {folder}\n  pip install -e '.[dev]'\n  pytest")
    print(f"  ltgnn train experiment={folder.resolve().name}_first")
    return 0


def write_project(folder: Path) -> None:
    """The project in ``folder``, whose last part is the package's name; ``UserError`` for one that cannot be."""
    name = folder.resolve().name
    refuse_name(name)
    if folder.exists():
        raise UserError(f"ltgnn init: {folder} is there already. Give a folder that does not exist yet.")
    with replace_atomically(folder, "ltgnn init") as temporary:
        for place, text in project_files(name):
            (temporary / place).parent.mkdir(parents=True, exist_ok=True)
            (temporary / place).write_text(text, encoding="utf-8")


def refuse_name(name: str) -> None:
    """``UserError`` where ``name`` cannot be the name of a new package."""
    if not name.isascii() or not name.isidentifier() or keyword.iskeyword(name) or name != name.lower():
        raise UserError(
            f"ltgnn init: '{name}' given, a name for a Python package wanted: small letters, digits and _, beginning "
            "with a letter, and no word of the language; such as myrec."
        )
    if name in TAKEN or find_spec(name) is not None:
        what = "a folder of the project itself" if name in TAKEN else "a package that is installed here already"
        raise UserError(f"ltgnn init: '{name}' is {what}. Give another name, such as myrec.")


def project_files(name: str) -> Iterator[tuple[Path, str]]:
    """Each file of the project, with the name of the package in the place of the template's."""
    root = template_dir() / "project"
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        if any(part.startswith((".", "__pycache__")) for part in file.relative_to(root).parts):
            continue  # caches of tools that ran there
        place = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8")
        for old, new in ((NAME.upper(), name.upper()), (NAME.title(), camel_case(name)), (NAME, name)):
            text = text.replace(old, new)
        yield Path(HIDDEN.get(place, place).replace(NAME, name)), text


def camel_case(name: str) -> str:
    """``my_rec`` -> ``MyRec``"""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) or "Project"

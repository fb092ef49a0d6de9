"""``ltgnn models``: all options of every config group with description and source, read from yaml and docstrings."""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ltgnn.config.paths import conf_dir
from ltgnn.types import UserError

PLUMBING = ("paths", "trainer", "callbacks", "logger", "sweep", "experiment")
"""Groups of train.yaml for where and on what a run is computed, not what it computes."""

DATED = re.compile(r"\s*\(([^()]*\b(?:19|20)\d\d\b[^()]*)\)")
"""A parenthesis with a year in it: a source."""


class Word(NamedTuple):
    """One option of a config group."""

    axis: str  # "graph", "graph/normalisation"
    word: str
    about: str  # the comment on top of its yaml file
    source: str  # paper, venue and year; "" where it has none
    classes: tuple[str, ...]  # what the file builds


def axes() -> list[str]:
    """The config groups in the order of train.yaml, each followed by its subgroups; then those of recommend.yaml."""
    text = "".join((conf_dir() / f"{root}.yaml").read_text(encoding="utf-8") for root in ("train", "recommend"))
    found = [axis for axis in re.findall(r"^  - (\w+): ", text, re.MULTILINE) if axis not in PLUMBING]
    nested = {axis: sorted(path for path in (conf_dir() / axis).rglob("*") if path.is_dir()) for axis in found}
    return [name for axis in found for name in (axis, *(p.relative_to(conf_dir()).as_posix() for p in nested[axis]))]


def words(axis: str) -> Iterator[Word]:
    """Every option of one config group, by name."""
    for file in sorted((conf_dir() / axis).glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        about = comment(text)
        classes = tuple(re.findall(r"^\s*_target_: (\S+)", text, re.MULTILINE))
        yield Word(axis, file.stem, DATED.sub("", about), source(about, classes), classes)


def comment(text: str) -> str:
    """The first sentence of the comment on top of a yaml file, which may run over several lines."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            lines.append(line.lstrip("# ").strip())
    whole = " ".join(lines).strip()
    ended = re.match(r"(.+?[^.\s]{2}\.)(?=\s+[A-Z])", whole)  # a full stop before a capital, and no initial
    first = ended.group(1) if ended else whole
    return first if first.endswith("...") else first.rstrip(".")


def source(about: str, classes: Sequence[str]) -> str:
    """The first dated parenthesis of the classes' docstrings, else of the comment."""
    for text in (*map(docstring, classes), about):
        if found := DATED.search(text):
            return " ".join(found.group(1).split())
    return ""


def docstring(target: str) -> str:
    """The docstring of a class or function of this package, read without importing it."""
    module, _, name = target.rpartition(".")
    file = Path(__file__).resolve().parents[2] / (module.replace(".", "/") + ".py")
    return _docstrings(file).get(name, "") if module.startswith("ltgnn.") else ""


@cache
def _docstrings(file: Path) -> dict[str, str]:
    kinds = (ast.ClassDef, ast.FunctionDef)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, kinds)}


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table, or JSON."""
    parser = argparse.ArgumentParser(
        "ltgnn models", description="All options of every config group, with their sources."
    )
    parser.add_argument("axis", nargs="*", help="config groups to list; default: all")
    parser.add_argument("--json", action="store_true", help="as JSON, with the classes")
    arguments = parser.parse_args(argv)
    known = axes()
    for axis in arguments.axis:
        if axis not in known:
            near = difflib.get_close_matches(axis, known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise UserError(f"ltgnn models: no config group '{axis}'.{hint} Config groups: {', '.join(known)}")
    asked = arguments.axis or known
    chosen = [axis for axis in known if axis in asked or axis.split("/")[0] in asked]
    listed = [word for axis in chosen for word in words(axis)]
    if arguments.json:
        print(json.dumps([word._asdict() for word in listed], indent=1, ensure_ascii=False))
    else:
        print("\n".join(table(listed)))
    return 0


def table(listed: Sequence[Word]) -> Iterator[str]:
    """A heading for each config group, then a line for each option."""
    width = max(len(word.word) for word in listed)
    for before, word in zip((None, *listed), listed, strict=False):
        if before is None or before.axis != word.axis:
            yield f"\n{word.axis}="
        yield f"  {word.word:<{width}}  {word.about}" + (f"  [{word.source}]" if word.source else "")

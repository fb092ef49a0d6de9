"""``ltgnn models``: all options of every config group with description and source, read from yaml and docstrings."""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ltgnn.config.parser import Parser
from ltgnn.config.paths import conf_dir
from ltgnn.types import UserError

PLUMBING = ("paths", "trainer", "callbacks", "logger", "sweep", "experiment")
"""Groups of train.yaml for where and on what a run is computed, not what it computes."""

DATED = re.compile(r"\s*\(([^()]*\b(?:19|20)\d\d\b[^()]*)\)")
"""A parenthesis with a year in it: a source."""


class Option(NamedTuple):
    """One option of a config group."""

    group: str  # "graph", "graph/normalisation"
    option: str
    about: str  # the comment on top of its yaml file
    source: str  # paper, venue and year; "" where it has none
    classes: tuple[str, ...]  # what the file builds


def config_groups() -> list[str]:
    """The config groups in the order of train.yaml, each followed by its subgroups; then those of recommend.yaml."""
    text = "".join((conf_dir() / f"{root}.yaml").read_text(encoding="utf-8") for root in ("train", "recommend"))
    found = [group for group in re.findall(r"^  - (\w+): ", text, re.MULTILINE) if group not in PLUMBING]
    nested = {group: sorted(path for path in (conf_dir() / group).rglob("*") if path.is_dir()) for group in found}
    return [name for group in found for name in (group, *(p.relative_to(conf_dir()).as_posix() for p in nested[group]))]


def options(group: str) -> Iterator[Option]:
    """Every option of one config group, by name."""
    for file in sorted((conf_dir() / group).glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        about = comment(text)
        classes = tuple(re.findall(r"^\s*_target_: (\S+)", text, re.MULTILINE))
        yield Option(group, file.stem, DATED.sub("", about), source(about, classes), classes)


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
    parser = Parser("ltgnn models", description="All options of every config group, with their sources.")
    parser.add_argument("group", nargs="*", help="config groups to list; default: all")
    parser.add_argument("--json", action="store_true", help="as JSON, with the classes")
    arguments = parser.parse_args(argv)
    known = config_groups()
    for group in arguments.group:
        if group not in known:
            near = difflib.get_close_matches(group, known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise UserError(f"ltgnn models: no config group '{group}'.{hint} Config groups: {', '.join(known)}")
    asked = arguments.group or known
    chosen = [group for group in known if group in asked or group.split("/")[0] in asked]
    listed = [option for group in chosen for option in options(group)]
    if arguments.json:
        print(json.dumps([option._asdict() for option in listed], indent=1, ensure_ascii=False))
    else:
        print("\n".join(table(listed)))
    return 0


def table(listed: Sequence[Option]) -> Iterator[str]:
    """A heading for each config group, then a line for each option."""
    width = max(len(option.option) for option in listed)
    for before, option in zip((None, *listed), listed, strict=False):
        if before is None or before.group != option.group:
            yield f"\n{option.group}="
        yield f"  {option.option:<{width}}  {option.about}" + (f"  [{option.source}]" if option.source else "")

"""``ltgnn models``: all options of every config group with description and source, read from yaml and docstrings."""

from __future__ import annotations

import ast
import difflib
import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ltgnn.config.option_keys import OptionKey, option_keys
from ltgnn.config.paths import conf_dir
from ltgnn.config.search_path import group_names, is_group, looked_in, option_file, option_names
from ltgnn.types import UserError

ROOTS = ("train", "finetune", "ensemble", "recommend")
"""Commands whose config groups are listed, in this order."""

PLUMBING = ("paths", "trainer", "callbacks", "logger", "sweep", "experiment")
"""Groups for where and on what a run is computed, not what it computes: listed when they are asked for."""

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
    """The config groups in the order of the commands' yaml, each followed by its subgroups; then the user's own."""
    texts = [(conf_dir() / f"{root}.yaml").read_text(encoding="utf-8") for root in ROOTS]
    named = [group for text in texts for group in re.findall(r"^  - (\w+): ", text, re.MULTILINE)]
    of_user = [group for group in group_names() if group not in group_names([conf_dir()])]
    found = dict.fromkeys(group for group in [*named, *of_user] if group not in PLUMBING)
    return [name for group in found for name in with_subgroups(group)]


def with_subgroups(group: str) -> list[str]:
    """The group and those below it."""
    below = {option.rpartition("/")[0] for option in option_names(group)}
    return [group, *sorted(f"{group}/{name}" for name in below if name)]


def options(group: str) -> Iterator[Option]:
    """Every option of one config group, by name."""
    for name in option_names(group):
        file = option_file(group, name)
        if file is None or "/" in name:
            continue
        text = file.read_text(encoding="utf-8")
        about = comment(text)
        classes = tuple(re.findall(r"^\s*_target_: (\S+)", text, re.MULTILINE))
        yield Option(group, name, DATED.sub("", about), source(about, classes), classes)


def comment(text: str) -> str:
    """The first sentence of the comment on top of a yaml file, which may run over several lines."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            lines.append(line.lstrip("# ").strip())
    joined = " ".join(lines).strip()
    ended = re.match(r"(.+?[^.\s]{2}\.)(?=\s+[A-Z])", joined)  # a full stop before a capital, and no initial
    first = ended.group(1) if ended else joined
    return first if first.endswith("...") else first.rstrip(".")


def source(about: str, classes: Sequence[str]) -> str:
    """The first dated parenthesis of the classes' docstrings, else of the comment; of the comment if it has a paper."""
    for text in (*([about] if "arXiv:" in about else []), *map(docstring, classes), about):
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


USAGE = """usage: ltgnn models [GROUP ...] [GROUP=OPTION ...] [--json]

The options of the config groups, with description and source; your own yaml
(--config-dir, LTGNN_CONF, plugins) included. Of GROUP=OPTION the keys: default,
type and bounds, comment.

examples:
  ltgnn models                     every group
  ltgnn models loss graph          two groups, with their subgroups
  ltgnn models loss=softmax        the keys of one option
  ltgnn models trainer experiment  groups that are listed only when asked for

  --json                           as JSON, with the classes of an option
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the options of groups, or the keys of options, as text or JSON."""
    given = list(sys.argv[1:] if argv is None else argv)
    if any(word in ("-h", "--help") for word in given):
        print(USAGE)
        return 0
    as_json, words = "--json" in given, [word for word in given if word != "--json"]
    if odd := [word for word in words if word.startswith("-")]:
        raise UserError(f"ltgnn models: '{odd[0]}' is not understood.\n\n{USAGE}")
    pairs = [(word, *asked) for word in words if (asked := asked_option(word))]
    groups = [word for word in words if word not in {word for word, *_ in pairs}]
    listed = [option for group in chosen(groups) for option in options(group)] if groups or not pairs else []
    keys = {f"{group}={name}": option_keys(group, name) for _, group, name in pairs}
    if as_json:
        found = {word: [asdict(key) for key in those] for word, those in keys.items()}
        print(json.dumps(found or [option._asdict() for option in listed], indent=1, ensure_ascii=False))
        return 0
    for _, group, name in pairs:
        print("\n".join(describe(group, name, keys[f"{group}={name}"])))
    if listed:
        print("\n".join(wrap_lines(table(listed))))
    return 0


def asked_option(word: str) -> tuple[str, str] | None:
    """Group and option of ``loss=softmax`` or ``loss.softmax``; None of a group. ``UserError`` for an unknown one."""
    group, sign, name = word.partition("=") if "=" in word else word.partition(".")
    if not sign:
        return None
    if not is_group(group):
        raise UserError(f"ltgnn models: no config group '{group}'.{did_you_mean(group, group_names())} {looked_in()}")
    if option_file(group, name) is None:
        known = [option for option in option_names(group) if "/" not in option]
        hint = did_you_mean(name, known, f"{group}=")
        raise UserError(f"ltgnn models: {group} has no option '{name}'.{hint} It has {', '.join(known)}. {looked_in()}")
    return group, name


def chosen(groups: Sequence[str]) -> list[str]:
    """The groups to list; all where none is named."""
    for group in groups:
        if not is_group(group):
            known = ", ".join(config_groups())
            raise UserError(
                f"ltgnn models: no config group '{group}'.{did_you_mean(group, group_names())} Config groups: {known}. "
                f"{looked_in()}"
            )
    return [name for group in groups for name in with_subgroups(group)] if groups else config_groups()


def did_you_mean(given: str, known: Sequence[str], before: str = "") -> str:
    """``Did you mean ...?``, where one is near."""
    found = difflib.get_close_matches(given, known, n=1)
    return f" Did you mean '{before}{found[0]}'?" if found else ""


def table(listed: Sequence[Option]) -> Iterator[str]:
    """A heading for each config group, then a line for each option."""
    width = max(len(option.option) for option in listed)
    for before, option in zip((None, *listed), listed, strict=False):
        if before is None or before.group != option.group:
            yield f"\n{option.group}="
        yield f"  {option.option:<{width}}  {option.about}" + (f"  [{option.source}]" if option.source else "")


def describe(group: str, name: str, keys: Sequence[OptionKey]) -> Iterator[str]:
    """One option: what it is, then its keys with default, type and comment; parts by their class."""
    (option,) = (one for one in options(group) if one.option == name)
    yield from textwrap.wrap(f"{group}={name}: {option.about}" + (f" [{option.source}]" if option.source else ""), 80)
    width = min(44, max((len(f"{key.key}={key.default}") for key in keys), default=0))
    for key in keys:
        if key.part:
            yield f"\n  {key.key}: {key.default}"
        else:
            yield f"  {f'{key.key}={key.default}':<{width}}  {key.wanted}".rstrip()
        if key.comment:
            yield from textwrap.wrap(key.comment, 80, initial_indent=" " * 6, subsequent_indent=" " * 6)
    values = [f"{key.key}={key.default}" for key in keys if key.wanted]
    yield f"\nAny of them can be set beside {group}={name}, such as {values[0]}." if values else ""


def wrap_lines(lines: Iterator[str]) -> Iterator[str]:
    """The lines of a table; in a terminal, long ones go on below their description."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in lines:
        indent = len(re.match(r"  \S+\s+|", line).group())  # type: ignore[union-attr]  # it matches nothing as well
        if width > indent + 20 and len(line) > width:
            yield from textwrap.wrap(line, width, subsequent_indent=" " * indent, break_on_hyphens=False)
        else:
            yield line

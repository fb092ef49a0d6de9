"""Every option that a message names exists: keys of the recipe, words of the axes, flags and keys of the commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ltgnn.cli import COMMANDS
from ltgnn.config.paths import PACKAGE, conf_dir
from ltgnn.io import libyaml

TELLING = {"UserError", "Damaged", "Unwritable", "Unavailable", "warning", "info"}
"""Whose arguments people read."""

NO_OPTIONS = {
    "--no-deps", "--only-binary", "--disable-pip-version-check", "--dest",  # pip's
    "--cfg", "--config-dir", "--multirun",  # Hydra's
    "--help", "--local-dir",  # of every parser; of the program hf
}  # fmt: skip

EXAMPLES = {"fusion", "seed", "key", "name", "axis", "data", "weights", "by"}
"""Keys that a message may show with values of its own, such as ``FOLDER:key=value`` of ``claim``."""

FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
SETTING = re.compile(r"(?<![\w./@\x00-])\+?([a-z_]\w*(?:[./@][a-z_]\w*)*)=(?!=)(\w[\w./-]*)?")
KEY = re.compile(
    r"\b((?:data|features|score|model|loss|callbacks|trainer|sweep|eval|split|paths|hydra|optim)(?:\.[a-z_]\w*)+)"
)


class Message(NamedTuple):
    """A text in the sources, with what is filled in as ``\\0``."""

    place: str
    module: str
    text: str


@cache
def trees() -> dict[Path, ast.Module]:
    """The sources, parsed once."""
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(PACKAGE.rglob("*.py"))}


def texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The strings below a node, an f-string as one."""
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values]
        yield node.lineno, "".join(parts)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from texts(part.value)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.lineno, node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


@cache
def messages() -> list[Message]:
    found = []
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in TELLING:
                module = ".".join(("ltgnn", *file.relative_to(PACKAGE).with_suffix("").parts))
                for line, text in (pair for argument in node.args for pair in texts(argument)):
                    found.append(Message(f"{file.relative_to(PACKAGE.parent)}:{line}", module, text))
    return found


@cache
def keys() -> set[str]:
    """Every dotted key that some yaml of the tree sets, in the place where it stands in a recipe."""
    found: set[str] = set()

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                path = f"{prefix}.{key}" if prefix else str(key)
                found.add(path)
                walk(path, inner)

    for file in conf_dir().rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        group = file.parent.relative_to(conf_dir()).as_posix()
        package = re.search(r"^# @package (\S+)", text, re.MULTILINE)
        named = package.group(1) if package else ""
        prefix = "" if named == "_global_" or group == "." else (named or group.replace("/", "."))
        tree = libyaml.load(text) or {}
        walk(prefix, tree)
        for line in tree.get("defaults", []):
            for key in line if isinstance(line, dict) else ():
                inner = str(key).removeprefix("override ").split("@")
                walk("", {".".join(filter(None, [prefix, inner[-1].replace("/", ".")])): {}})
    for key in list(found):
        parts = key.split(".")
        found.update(".".join(parts[:end]) for end in range(1, len(parts)))
    return found


@cache
def groups() -> dict[str, set[str]]:
    """Axis -> its words."""
    found: dict[str, set[str]] = {}
    for file in conf_dir().rglob("*.yaml"):
        group = file.parent.relative_to(conf_dir()).as_posix()
        found.setdefault(group, set()).add(file.stem)
    return found


@cache
def command_words() -> set[str]:
    """Flags and keys of the commands: arguments of ``add_argument`` and keys of their dictionaries."""
    found: set[str] = set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument":
                found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    for module, _ in COMMANDS.values():
        place = PACKAGE.parent / module.replace(".", "/")
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        for node in ast.walk(trees()[file]):
            if isinstance(node, ast.Dict):
                found |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
    return found


@cache
def parameters() -> set[str]:
    """Parameters of all constructors and dataclasses: keys that a recipe may add with ``+``."""
    found: set[str] = set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                found |= {arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)}
            if isinstance(node, ast.ClassDef):
                found |= {
                    i.target.id for i in node.body if isinstance(i, ast.AnnAssign) and isinstance(i.target, ast.Name)
                }
    return found


def known(key: str) -> bool:
    """Whether a recipe can have the key: it stands in a yaml, or its last part is a parameter of a node that does."""
    parent, _, last = key.rpartition(".")
    return key in keys() or key.startswith("hydra.") or (parent in keys() and last in parameters())


def test_flags() -> None:
    wrong = [
        f"{message.place}: {flag} is no flag of any command, in {message.text!r}"
        for message in messages()
        for flag in FLAG.findall(message.text)
        if flag not in command_words() | NO_OPTIONS
    ]
    assert not wrong, "\n".join(wrong)


def test_settings_and_words() -> None:
    wrong = []
    for message in messages():
        for key, word in SETTING.findall(message.text):
            group, word = key.partition("@")[0], word.rstrip(".")
            if group.startswith(("hydra/", "hydra.")):
                continue
            if group in groups():
                if re.fullmatch(r"[a-z]\w*", word) and word not in groups()[group] | {"null"}:
                    wrong.append(f"{message.place}: {key}={word} is not an option of that group, in {message.text!r}")
            elif key not in EXAMPLES | command_words() and not known(key):
                wrong.append(f"{message.place}: no recipe and no command has {key}=, in {message.text!r}")
    assert not wrong, "\n".join(wrong)


def test_keys() -> None:
    wrong = [
        f"{message.place}: no recipe has {key}, in {message.text!r}"
        for message in messages()
        for key in KEY.findall(message.text)
        if not known(key.rstrip("."))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("option", ["data.reader.nothing=1", "fusion=nothing", "--nothing"])
def test_an_option_that_is_none_is_found(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.messages", lambda: [Message("x.py:1", "ltgnn.x", f"Set {option}.")])
    test = test_flags if option.startswith("--") else test_settings_and_words
    with pytest.raises(AssertionError, match=re.escape(option.partition("=")[0])):
        test()


@cache
def sources() -> dict[str, set[str]]:
    """Module of a reader -> the fields that ``data.reader`` can set in it."""
    found = {}
    for file in sorted((PACKAGE / "data/sources").glob("*.py")):
        for node in ast.walk(trees()[file]):
            if isinstance(node, ast.ClassDef):
                fields = {
                    i.target.id for i in node.body if isinstance(i, ast.AnnAssign) and isinstance(i.target, ast.Name)
                }
                found.setdefault(f"ltgnn.data.sources.{file.stem}", set()).update(fields)
    return found


def test_options_of_readers() -> None:
    """A message that a reader raises itself names its own options."""
    read_by_all = {field for fields in sources().values() for field in fields}
    wrong = []
    for message in messages():
        for key in re.findall(r"data\.reader\.([a-z_]\w*)", message.text):
            own = sources().get(message.module)
            if key not in (read_by_all if own is None else own):
                wrong.append(f"{message.place}: {message.module} has no data.reader.{key}, in {message.text!r}")
    assert not wrong, "\n".join(wrong)

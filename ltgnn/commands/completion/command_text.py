"""Flags, subcommands and keys of a command, read in the text of its module: importing it would take seconds."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TypeGuard

COMPOSED = ("train", "evaluate", "finetune", "ensemble")
"""Commands that compose a configuration."""

HYDRA = ("-m", "--multirun", "--cfg", "--package", "--resolve", "--info")
"""Flags of these."""

EVERY = ("--help", "--config-dir")
"""Flags of all commands."""


class TextConstant(ast.Constant):
    """A text in quotes."""

    value: str


def flags(command: str, module: str) -> list[str]:
    """The flags of a command."""
    if command in COMPOSED:
        return [*EVERY, *HYDRA]
    found = re.findall(r"add_argument\(\s*\"(--[\w-]+)\"", text(module))
    return [*EVERY, *found, *(["--json"] if command == "models" else [])]


def subcommands(module: str) -> list[str]:
    """``stats``, ``import`` ... of ``ltgnn data``; none where a command has none."""
    found: list[str] = []
    for node in ast.walk(ast.parse(text(module))):
        if isinstance(node, ast.Call) and node.args and name_of(node.func) in ("add", "add_parser"):
            found += [first.value for first in node.args[:1] if is_text(first)]
        elif isinstance(node, ast.For) and any(
            isinstance(call, ast.Call) and name_of(call.func) == "add_parser" for call in ast.walk(node)
        ):
            rows = node.iter.elts if isinstance(node.iter, ast.Tuple) else []
            found += [row.elts[0].value for row in rows if isinstance(row, ast.Tuple) and is_text(row.elts[0])]
    return found


def name_of(function: ast.expr) -> str:
    """``add`` of ``add(...)``, ``add_parser`` of ``commands.add_parser(...)``; "" of other methods called ``add``."""
    if isinstance(function, ast.Attribute):
        return function.attr if function.attr == "add_parser" else ""
    return function.id if isinstance(function, ast.Name) else ""


def is_text(node: ast.expr) -> TypeGuard[TextConstant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def keys(module: str) -> list[str]:
    """The keys of ``KEY=VALUE`` words: those of the dict of defaults."""
    for node in ast.walk(ast.parse(text(module))):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(node.value, ast.Dict) and isinstance(target, ast.Name) and target.id in ("known", "DEFAULTS"):
            names = [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
            extra = ["rules"] if 'prefix="rules"' in text(module) else []
            return [str(name) for name in names] + extra
    return []


def text(module: str) -> str:
    """The source of a module; of a package that of all its files."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    file = Path(spec.origin)
    files = sorted(file.parent.glob("*.py")) if file.name == "__init__.py" else [file]
    return "\n".join(one.read_text(encoding="utf-8") for one in files)

"""Nothing in a module outlives a call, but for what the installed package and the machine are.

What a call keeps for its own length is in ``ltgnn.io.scoped_cache``. Each exception stands below with its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import ltgnn

PACKAGE = Path(ltgnn.__file__).parent

INSTALLED = "says what is installed, which does not change while a program runs"
OF_ARGUMENTS = "follows from its arguments alone"
MACHINE = "a property of the machine; no value depends on it"

EXCEPTIONS: dict[str, str] = {
    "commands/models.py:_docstrings": INSTALLED,
    "config/parameters.py:of_callable": OF_ARGUMENTS,
    "config/reads_features.py:_of_target": INSTALLED,
    "config/trust.py:shipped_targets": INSTALLED,
    "data/dates.py:_chrono": OF_ARGUMENTS,
    "data/dates.py:fits": OF_ARGUMENTS,
    "evaluation/bfloat16_topk.py:is_faster": MACHINE,
    "graph/tables.py:_tables": "set inside `reused_memory` alone; backward passes run in threads of their own",
    "io/libyaml.py:dumper": INSTALLED,
    "io/libyaml.py:loader": INSTALLED,
    "runs/environment.py:commit": INSTALLED,
    "runs/environment.py:packages": INSTALLED,
}
"""``file:name`` -> why it may."""

CHANGING = {"add", "append", "clear", "extend", "pop", "popitem", "setdefault", "update"}


def kept(text: str) -> set[str]:
    """Functions at the top of a source whose results stay, and names of a module that a function changes."""
    tree = ast.parse(text)
    found = {
        part.name
        for part in tree.body
        if isinstance(part, ast.FunctionDef)
        and any(name.split(".")[-1] in ("cache", "lru_cache") for name in map(decorator, part.decorator_list))
    }
    names = {name.id for part in tree.body for name in targets(part) if isinstance(name, ast.Name)}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            own = {name.id for part in ast.walk(function) for name in targets(part) if isinstance(name, ast.Name)}
            shared = {name for part in ast.walk(function) if isinstance(part, ast.Global) for name in part.names}
            found |= shared | (changed(function) & (names - own))
    return found


def decorator(node: ast.expr) -> str:
    """``functools.lru_cache`` of ``@functools.lru_cache(maxsize=8)``."""
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def targets(node: ast.AST) -> Iterator[ast.expr]:
    """What a statement assigns to."""
    if isinstance(node, ast.Assign):
        yield from node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        yield node.target


def changed(function: ast.FunctionDef) -> set[str]:
    """Names whose contents a function changes."""
    found = set()
    for node in ast.walk(function):
        for target in targets(node):
            if isinstance(target, ast.Subscript | ast.Attribute) and isinstance(target.value, ast.Name):
                found.add(target.value.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
            found |= {node.func.value.id} if isinstance(node.func.value, ast.Name) else set()
    return found


def test_the_search_finds_each_kind() -> None:
    text = """
_known, SEEN = {}, set()
_known: dict[str, int] = {}
_seen: set[str] = set()
_last = None
TABLE = {"a": 1}
@cache
def one(x): return x
@functools.lru_cache(maxsize=3)
def two(x): return x
def three(x): _known[x] = x
def four(x): _seen.add(x)
def five(x):
    global _last
    _last = x
def fine(x):
    TABLE = {}
    TABLE[x] = 1
    @cache
    def inner(y): return y
    return inner(x), TABLE.get(x)
class A:
    @cached_property
    def six(self): return 1
"""
    assert kept(text) == {"one", "two", "_known", "_seen", "_last"}


def test_only_listed_places_keep_anything() -> None:
    found = {
        f"{file.relative_to(PACKAGE).as_posix()}:{name}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for name in kept(file.read_text())
    }
    assert sorted(found - EXCEPTIONS.keys()) == [], "keep it in ltgnn.io.scoped_cache"
    assert sorted(EXCEPTIONS.keys() - found) == [], "these exceptions are needed no more"

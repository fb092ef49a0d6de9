"""No ability is guessed: no attribute looked for by name, no class name compared, no class of another room recognised.

What one part wants of another is a base class or a protocol in ``ltgnn/types.py``. Each exception stands below with its
reason; one that is no longer needed fails, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import ltgnn

PACKAGE = Path(ltgnn.__file__).parent

LIBRARY = "an object of another library, whose versions and kinds differ in it"
PLATFORM = "what the operating system offers"
ERRORS = "errors of other libraries, which have no common base class"
PARSED = "argparse leaves out what a subcommand does not have"
DECLARED = "reads what a class or a partial declares, before anything is built"
UNRECORDED = "a run of before metrics.json had `reads_features` is told by its recipe, of which nothing is built"

EXCEPTIONS: dict[str, str] = {
    "commands/data/__init__.py:main": PARSED,
    "config/error_messages.py:message": ERRORS,
    "config/hydra_entry.py:_sweeping": "an error has notes only where somebody added one",
    "config/older_recipes.py:_node": "a recipe's node has a class of an older version, by its name",
    "config/parameters.py:resolve_annotation": "reads what a class states of its parameters, before anything is built",
    "config/parameters.py:of_callable": "reads what a class states of its parameters, before anything is built",
    "config/parameters.py:parts_named": "reads what a class states of its parameters, before anything is built",
    "config/reads_features.py:_of_target": UNRECORDED,
    "config/reads_features.py:declared_flag": DECLARED,
    "config/reads_features.py:arguments_of": DECLARED,
    "config/trust.py:is_defined_in": "asks what was imported where it comes from",
    "data/blocks.py:release": PLATFORM,
    "data/download.py:download": ERRORS,
    "data/text_source.py:TextSource._decoding_error": ERRORS,
    "experiment/frames.py:_pandas_column": LIBRARY,
    "experiment/launching.py:notes": "an error has notes only where somebody added one",
    "features/describing/http_json.py:post_json": ERRORS,
    "features/encoders.py:HuggingFace.load": LIBRARY,
    "features/tuning/adaptation.py:Full.__call__": LIBRARY,
    "features/tuning/encoder.py:TunedEncoder.__init__": LIBRARY,
    "features/tuning/encoder.py:set_dropout": LIBRARY,
    "features/tuning/module.py:StepBar.teardown": "the bar is there once training has begun",
    "features/tuning/purchase.py:Purchase.__init__": LIBRARY,
    "features/vision.py:pool": LIBRARY,
    "graph/tables.py:map_memory": PLATFORM,
    "io/atomic_write.py:refusal": ERRORS,
    "io/libyaml.py:measure": LIBRARY,
    "runs/folder.py:RunFolder.job": ERRORS,
    "sweeps/launchers/process_pool.py:Pool.__init__": PLATFORM,
    "sweeps/optuna_space.py:grid": LIBRARY,
    "sweeps/sweeper.py:Sweep.report": "the task may be a function of Hydra's or of ours",
    "sweeps/sweeper.py:Sweep.setup": "the launcher may be one of Hydra's plugins",
    "training/distributed/column_parallel.py:DimParallel.teardown": "for the type checker: Lightning holds it",
    "training/distributed/column_parallel.py:DimParallel.configure_ddp": "for the type checker: Lightning holds it",
}
"""``file:function`` -> why it may."""


def room(module: str) -> str:
    """``ltgnn.scoring.masked`` -> ``scoring``."""
    return module.split(".")[1] if "." in module else module


def foreign(tree: ast.Module, own: str) -> set[str]:
    """Names that a file imports from other rooms, ``types`` excepted."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ltgnn.")
        for alias in node.names
        if room(node.module or "") not in (own, "types")
    }


def mentions(node: ast.AST, *words: str) -> bool:
    """Whether one of the words occurs below a node as an attribute or a text."""
    return any(
        (isinstance(part, ast.Attribute) and part.attr in words)
        or (isinstance(part, ast.Constant) and part.value in words)
        for part in ast.walk(node)
    )


def calls_vars(node: ast.AST) -> bool:
    """Whether a node is ``vars(x)``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars"


def guesses(node: ast.AST, strange: set[str]) -> bool:
    """Whether a node decides by what an object happens to have, to be called, or to be."""
    if isinstance(node, ast.Compare):
        return any(
            mentions(side, "__name__", "__qualname__", "_target_") for side in (node.left, *node.comparators)
        ) and (not all(isinstance(op, ast.In | ast.NotIn) and mentions(node.left, "_target_") for op in node.ops))
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and calls_vars(node.func.value):
        return True
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("startswith", "endswith", "get"):
        return mentions(node.func.value, "__name__", "_target_") or any(mentions(a, "__name__") for a in node.args)
    if not isinstance(node.func, ast.Name):
        return False
    if node.func.id in ("getattr", "hasattr"):
        return isinstance(node.args[1], ast.Constant)
    if node.func.id in ("isinstance", "issubclass"):
        return any(isinstance(part, ast.Name) and part.id in strange for part in ast.walk(node.args[1]))
    return False


def places(node: ast.AST, strange: set[str], within: str = "") -> Iterator[str]:
    """Functions below a node that guess; a class's method by both names."""
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.ClassDef)
        name = f"{within}.{child.name}".lstrip(".") if named else within  # type: ignore[attr-defined]
        if guesses(child, strange):
            yield name or "the module"
        yield from places(child, strange, name)


def found_in(text: str, own: str) -> set[str]:
    """Functions of a source text that guess."""
    tree = ast.parse(text)
    return set(places(tree, foreign(tree, own)))


def test_the_search_finds_each_kind() -> None:
    text = """
from ltgnn.scoring.masked import MaskedScorer
from ltgnn.types import Scorer
def one(x): return getattr(x, "candidates", None)
def two(x): return hasattr(x, "fit")
class A:
    def three(self, x): return type(x).__name__ == "LightGCN"
    def four(self, x): return NOTES.get(type(x).__name__, "")
def five(x): return isinstance(x, int | MaskedScorer)
def seven(x): return vars(x).get("rate")
def six(cfg): return cfg.strategy._target_.endswith("Parallel")
def fine(x, name): return isinstance(x, Scorer), getattr(x, name), f"{type(x).__name__} given"
"""
    assert found_in(text, "evaluation") == {"one", "two", "A.three", "A.four", "five", "six", "seven"}
    assert "five" not in found_in(text, "scoring")


def test_only_listed_places_guess() -> None:
    found = set()
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE)
        own = path.parts[0] if len(path.parts) > 1 else path.stem
        if own == "testing":  # what a case asserts of a part is the contract itself
            continue
        found |= {f"{path.as_posix()}:{place}" for place in found_in(file.read_text(), own)}
    assert sorted(found - EXCEPTIONS.keys()) == []
    assert sorted(EXCEPTIONS.keys() - found) == [], "these exceptions are needed no more"

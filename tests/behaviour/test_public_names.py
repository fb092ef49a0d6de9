"""The public names: few, documented, typed, imported late; their examples run."""

from __future__ import annotations

import doctest
import inspect
import re
import subprocess
import sys
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest

import ltgnn

SHOWN = [
    "Dataset",
    "Run",
    "Runs",
    "ServedModel",
    "UserError",
    "evaluate",
    "load",
    "load_dataset",
    "open",
    "sweep",
    "train",
]

EXAMPLES = [
    "ltgnn.types", "ltgnn.config.wrong_arguments",
    "ltgnn.io.notebook", "ltgnn.io.pluralize", "ltgnn.serving.loading", "ltgnn.experiment.option_words",
    "ltgnn.experiment.column_names", "ltgnn.experiment.frames", "ltgnn.experiment.dataset",
    "ltgnn.experiment.evaluation", "ltgnn.experiment.run", "ltgnn.experiment.runs", "ltgnn.experiment.training",
]  # fmt: skip
"""Modules with examples."""


def test_the_names() -> None:
    assert ltgnn.__all__ == SHOWN
    assert set(SHOWN) <= set(dir(ltgnn))
    for name in SHOWN:
        value = getattr(ltgnn, name)
        assert inspect.getdoc(value)
        assert value is getattr(import_module(value.__module__), name)
    with pytest.raises(AttributeError, match="no attribute 'tran'"):
        _ = ltgnn.tran  # type: ignore[attr-defined]


def test_every_public_member_is_documented_and_every_function_has_an_example() -> None:
    for name in ("Dataset", "Run", "Runs", "ServedModel"):
        members = {part: value for part, value in vars(getattr(ltgnn, name)).items() if not part.startswith("_")}
        kinds = (FunctionType, classmethod, property, cached_property)
        bare = [part for part, value in members.items() if isinstance(value, kinds) and not inspect.getdoc(value)]
        assert not bare, name
    for name in ("train", "sweep", "open", "evaluate", "load", "load_dataset"):
        text = inspect.getdoc(getattr(ltgnn, name)) or ""
        assert "Examples:" in text, name
        assert "Raises:" in text, name


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples(module: str, empty: Path) -> None:
    tests = [test for test in doctest.DocTestFinder().find(import_module(module)) if test.examples]
    assert tests
    said: list[str] = []
    for test in tests:
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    assert not said, "".join(said)


def test_no_module_with_an_example_is_left_out() -> None:
    there = {
        ".".join(file.relative_to(Path(ltgnn.__file__).parents[1]).with_suffix("").parts)
        for file in Path(ltgnn.__file__).parent.rglob("*.py")
        if ">>> " in file.read_text(encoding="utf-8")
    }
    assert there == set(EXAMPLES)


CALLER = """
import ltgnn

shop = ltgnn.Dataset.from_frames({"user_id": ["a"], "item_id": ["b"]}, name="shop")
run = ltgnn.train(shop, model="lightgcn", fusion="sum", lr=1e-2, dim=32)
runs = ltgnn.sweep("ml100k", fusion=["id", "sum"], seed=[1, 2, 3])
reveal_type(shop)
reveal_type(run)
reveal_type(run.test)
reveal_type(run.per_user)
reveal_type(run.recommend(["u1"], k=10))
reveal_type(runs[0])
reveal_type(runs.claim("fusion=id", "fusion=sum").verdict)
reveal_type(ltgnn.open("logs"))
reveal_type(ltgnn.load("model"))
"""

REVEALED = [
    "Dataset", "Run", "dict[str, float]", "DataFrame", "DataFrame", "Run", "str", "Run | Runs", "ServedModel",
]  # fmt: skip


@pytest.mark.slow
def test_a_program_that_calls_the_api_is_typed(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "caller.py"]
    answer = subprocess.run(mypy, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    found = re.findall(r'Revealed type is "(.*)"', answer.stdout)
    short = [re.sub(r"\b(?:\w+\.)+", "", text) for text in found]
    assert short == REVEALED, answer.stdout
    assert "error" not in answer.stdout

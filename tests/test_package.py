"""The package as it is installed: quick to import, whole in a wheel, its rooms apart, its README true."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from hydra.core.override_parser.types import IntervalSweep, Override

from ltgnn import cli

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "pytorch_lightning", "transformers", "wandb", "hydra", "polars", "matplotlib")


def python(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=os.environ | environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("code", ["import ltgnn", "import ltgnn.cli; ltgnn.cli.main(['--help'])"])
def test_help_imports_nothing_heavy(code: str) -> None:
    answer = python("-c", f"import sys\n{code}\nprint('loaded', [m for m in {HEAVY} if m in sys.modules])")
    assert answer.stdout.splitlines()[-1] == "loaded []", answer.stdout + answer.stderr


def test_a_closed_form_is_fitted_without_lightning() -> None:
    """It costs seconds to import, and only what is trained needs it."""
    answer = python(
        "-c", "import sys, ltgnn.commands.train, ltgnn.training.loop; print('pytorch_lightning' in sys.modules)"
    )
    assert answer.stdout.strip() == "False", answer.stdout + answer.stderr


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_exists(command: str) -> None:
    module, line = cli.COMMANDS[command]
    assert line
    assert callable(__import__(module, fromlist=["main"]).main)
    assert f"  {command} " in cli.usage()


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trian"]) == 1
    assert "Did you mean 'train'?" in capsys.readouterr().err


def test_import_directions() -> None:
    answer = python("-c", "import sys; from importlinter.cli import lint_imports_command as m; m()")
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


def test_every_room_is_in_the_contract() -> None:
    """The layers that import-linter checks hold every room once; CONTRIBUTING lists them from the top to the bottom."""
    contract, *_ = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert contract["exhaustive"]
    layers = [layer.split(" | ") for layer in contract["layers"]]
    rooms = [room for layer in layers for room in layer]
    assert len(rooms) == len(set(rooms))
    beside = f"`{' '.join(max(layers, key=len))}`"
    assert beside in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), "the rooms beside each other are named"
    there = {
        path.stem for path in (ROOT / "ltgnn").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert there - {"__init__"} == set(rooms)
    assert len(list((ROOT / "ltgnn").glob("*.py"))) <= 6


def imported(file: Path, modules: set[str]) -> set[str]:
    """Modules of ltgnn that a file imports anywhere in it: in functions and under TYPE_CHECKING too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & modules) or {node.module}
    return found & modules


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one node (Tarjan, SIAM J. Comput. 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for after in sorted(graph[node]):
            if after not in index:
                visit(after)
                low[node] = min(low[node], low[after])
            elif after in stack:
                low[node] = min(low[node], index[after])
        if low[node] == index[node]:
            cut = stack.index(node)
            component = stack[cut:]
            del stack[cut:]
            if len(component) > 1:
                found.append(component)

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": set()}
    assert circles(graph) == [["a", "b", "c"]]
    assert circles(graph | {"c": {"d"}}) == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports under TYPE_CHECKING and inside functions included."""
    files = {".".join(f.relative_to(ROOT).with_suffix("").parts): f for f in (ROOT / "ltgnn").rglob("*.py")}
    files = {name.removesuffix(".__init__"): file for name, file in files.items()}
    graph = {name: imported(file, set(files)) - {name} for name, file in files.items()}
    assert graph["ltgnn.build"] >= {"ltgnn.types", "ltgnn.module"}, "imports are read"
    assert circles(graph) == []


IMPORTED = """
import importlib, logging, os, pkgutil, signal, sys, warnings
import fastapi, hydra, matplotlib, omegaconf, optuna, polars, pytorch_lightning, torch, transformers, wandb
import torch_geometric.explain
from omegaconf import _utils, omegaconf as conf
from omegaconf.basecontainer import BaseContainer

def state():
    loggers = [("root", logging.root), *logging.Logger.manager.loggerDict.items()]
    loggers = [(name, log) for name, log in loggers if isinstance(log, logging.Logger) and (log.handlers or log.level)]
    return {
        "environment": dict(os.environ),
        "working folder, command line": (os.getcwd(), list(sys.argv)),
        "OmegaConf": (_utils.get_yaml_loader, conf.get_omega_conf_dumper, sorted(BaseContainer._resolvers)),
        "torch": (
            torch.get_num_threads(), torch.get_default_dtype(), torch.get_float32_matmul_precision(),
            torch.are_deterministic_algorithms_enabled(), torch.is_grad_enabled(), torch.initial_seed(),
        ),
        "logging": [(name, log.level, log.handlers, log.propagate) for name, log in loggers],
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "hooks": (sys.excepthook, sys.displayhook),
        "warnings": list(warnings.filters),
        "pictures": matplotlib.rcParams._get_backend_or_none(),
    }

before = state()
import ltgnn
for module in pkgutil.walk_packages(ltgnn.__path__, "ltgnn."):
    importlib.import_module(module.name)
print("modules", sum(name.startswith("ltgnn.") for name in sys.modules))
print("changed", [name for name, value in state().items() if value != before[name]])
"""


def test_imports_change_nothing_in_the_process() -> None:
    """Environment, logging, yaml, torch and signals are as they were once every module of the package is imported."""
    answer = python("-c", IMPORTED)
    assert answer.returncode == 0, answer.stderr
    number, changed = (line.partition(" ")[2] for line in answer.stdout.splitlines()[-2:])
    assert int(number) > 300
    assert changed == "[]"


def test_a_wheel_trains_from_an_empty_folder(shop: Path, tmp_path: Path) -> None:
    """The yaml tree and the rows of papers travel in the wheel; nothing is read from the checkout."""
    answer = python("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"))
    assert answer.returncode == 0, answer.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site, empty = tmp_path / "site", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(site)
    empty.mkdir()
    where = python("-c", "import ltgnn; print(ltgnn.__file__)", cwd=empty, PYTHONPATH=str(site))
    assert str(site) in where.stdout
    words = "data=recbole data.name=toy features=none epochs=2 min_epochs=1 eval_every=1 logger=none dim=4"
    files = [f"data.files.path={shop}", "data.reader.interactions={all: toy.inter}", "data.reader.items=toy.item"]
    fields = ["+data.reader.item_fields.title=title"]
    job = python("-m", "ltgnn.commands.train", *words.split(), *files, *fields, cwd=empty, PYTHONPATH=str(site))
    assert job.returncode == 0, job.stderr
    assert "NDCG@20" in job.stdout
    assert list(empty.glob("logs/train/runs/*/metrics.json"))
    rows = python("-m", "ltgnn.cli", "reproduce", "--list", cwd=empty, PYTHONPATH=str(site))
    assert "gfcf-gowalla" in rows.stdout, "the published rows travel, too"


def commands_of(file: Path) -> list[str]:
    """Every ``ltgnn ...`` line of the code blocks of a page."""
    blocks = re.findall(r"```(\w*)\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(body for language, body in blocks if language == "bash").replace("\\\n", " ").splitlines()
    return [line.split(" #")[0].strip() for line in lines if re.match(r"\s*(\w+=\S+ )*ltgnn ", line)]


def first_value(override: Override) -> object:
    """Of a sweep; the lower end of an interval."""
    value = override.value()
    return value.start if isinstance(value, IntervalSweep) else next(override.sweep_string_iterator())


@pytest.mark.parametrize("line", commands_of(ROOT / "README.md"))
def test_commands_of_the_readme_parse(line: str) -> None:
    parse_command(line)


def parse_command(line: str) -> None:
    """Composes what a line of a page would train; an error where a word is none of today's."""
    words = [word for word in shlex.split(line) if not re.fullmatch(r"[A-Z_]+=\S+", word)]
    command, rest = words[1], words[2:]
    assert command in cli.COMMANDS
    if command in ("train", "finetune"):  # evaluate composes on top of the run it is given
        from hydra import compose, initialize_config_dir
        from hydra.core.global_hydra import GlobalHydra
        from hydra.core.override_parser.overrides_parser import OverridesParser

        from ltgnn.config import resolvers
        from ltgnn.config.paths import conf_dir

        resolvers.register()
        GlobalHydra.instance().clear()
        overrides = [word for word in rest if not word.startswith("-")]
        parsed = OverridesParser.create().parse_overrides(overrides)
        first = [
            f"{p.input_line.split('=')[0]}={first_value(p)}" if p.is_sweep_override() else p.input_line for p in parsed
        ]
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            compose(command, first, return_hydra_config=True)


def test_make_targets_of_the_readme_exist() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z][a-z-]+)", "\n".join(re.findall(r"```.*?```", readme, re.DOTALL))))
    assert {"quickstart", "test"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


LONGEST = 250
"""Lines of a file; ``types.py``, which holds what every room shares, may have more."""


def test_no_file_is_long() -> None:
    lines = {f: len(f.read_text(encoding="utf-8").splitlines()) for f in (ROOT / "ltgnn").rglob("*.py")}
    assert {str(f.relative_to(ROOT)) for f, number in lines.items() if number > LONGEST} == {"ltgnn/types.py"}

"""Each module of a room has its tests in the file of its name."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]

TESTED_ELSEWHERE = {
    "analysis/intervals.py": "tests/analysis/plots/test_differences.py compares them with those of a claim",
    "analysis/report/sections.py": "tests/analysis/report/test_page.py reads the tables of a whole page",
    "experiment/comparison.py": "tests/experiment/test_run.py, which trains one sweep for all that Python does with it",
    "experiment/evaluation.py": "tests/experiment/test_run.py, likewise",
    "experiment/run_tables.py": "tests/experiment/test_run.py, likewise",
    "experiment/runs.py": "tests/experiment/test_run.py, likewise",
    "experiment/evaluation_job.py": "tests/commands/test_evaluate.py runs the job whole",
    "experiment/launching.py": "tests/experiment/test_training.py runs jobs and sweeps from Python",
    "experiment/train_job.py": "tests/experiment/test_training.py, likewise",
    "features/queries.py": "tests/commands/test_search.py asks a trained run",
    "features/tuning/select_batch_items.py": "tests/features/tuning/test_trainable_text.py trains with it",
    "graph/triton_rows.py": "tests/behaviour/test_gpu.py: it needs a CUDA device",
    "inference/ensemble_members.py": "tests/commands/test_ensemble.py blends trained runs",
    "inference/explanation/explainer.py": "tests/commands/test_explain.py explains trained runs",
    "inference/explanation/open_explainer.py": "tests/commands/test_explain.py, likewise",
    "inference/new_interactions.py": "tests/inference/test_fold_in.py and tests/commands/test_update.py",
    "inference/open_run.py": "tests/commands/test_search.py and test_explain.py open runs by it",
    "inference/search/result.py": "tests/commands/test_search.py",
    "reproduction/display.py": "tests/commands/test_reproduce.py prints verdicts and the list of rows",
    "reproduction/outcome.py": "tests/commands/test_reproduce.py trains a row",
    "sweeps/launchers/joblib.py": "tests/sweeps/launchers/test_submitit.py sweeps by every launcher of other processes",
    "training/distributed/column_parallel.py": "tests/training/distributed/test_processes.py trains by columns",
    "training/distributed/worker.py": "tests/training/distributed/test_processes.py starts it",
    "training/fitting.py": "tests/commands/test_train.py and tests/training/test_resume.py train whole jobs",
    "training/loop.py": "tests/commands/test_train.py and tests/training/test_resume.py train whole jobs",
    "training/probe.py": "tests/sweeps/test_dry_run.py reads its times",
}
"""Module -> where its tests are, since they need what stands there."""


def modules() -> set[str]:
    """Modules of rooms that hold a function or a class; not ``__init__``, nor the templates of ``ltgnn init``."""
    package = ROOT / "ltgnn"
    found = (path for path in package.glob("*/**/*.py") if path.name != "__init__.py")
    code = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        path.relative_to(package).as_posix()
        for path in found
        if path.relative_to(package).parts[0] not in ("conf", "template", "templates")
        and any(isinstance(node, code) for node in ast.parse(path.read_text(encoding="utf-8")).body)
    }


def test_every_module_has_its_file_of_tests() -> None:
    missing = {
        name for name in modules() if not (ROOT / "tests" / Path(name).parent / f"test_{Path(name).name}").is_file()
    }
    assert missing == set(TESTED_ELSEWHERE)


def test_every_file_of_tests_in_a_room_has_its_module() -> None:
    rooms = [path.name for path in (ROOT / "ltgnn").iterdir() if (path / "__init__.py").is_file()]
    files = [path for room in rooms for path in (ROOT / "tests" / room).rglob("test_*.py")]
    of = {
        path: ROOT / "ltgnn" / path.relative_to(ROOT / "tests").with_name(path.name.removeprefix("test_"))
        for path in files
    }
    alone = {
        str(path.relative_to(ROOT))
        for path, module in of.items()
        if not (module.is_file() or module.with_suffix("").is_dir())
    }
    assert alone == {"tests/testing/test_broken_parts.py"}  # every case of the room on parts that are wrong

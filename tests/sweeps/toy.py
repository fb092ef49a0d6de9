"""``ltgnn train`` on the toy shop as a process of its own, as a user starts it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conftest import CONF, run_folders

ROOT = Path(__file__).parents[2]
TOY = "features=words min_epochs=1 dim=8 num_layers=2 batch_size=256 eval_every=2 lr=0.05"


def words_of(shop: Path, epochs: int = 4) -> list[str]:
    return ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", *TOY.split(), f"epochs={epochs}"]


def start(folder: Path, shop: Path, *overrides: str, epochs: int = 4) -> subprocess.Popen[str]:
    """A sweep with its run folders below ``folder/logs``."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    settings = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    return subprocess.Popen(
        [sys.executable, "-m", "ltgnn.cli", "train", "-m", *words_of(shop, epochs), *overrides],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, **settings, "LTGNN_CACHE": str(shop / "cache")},
        # Ctrl-C as from a terminal, also where the tests run in the background, whose jobs inherit it as ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its answer and all that it printed; it takes as long as it takes, on a busy machine too."""
    printed, _ = process.communicate()
    return process.returncode, printed


def journal(sweep_dir: Path) -> list[tuple[str, str]]:
    """(event, folder) in the order of time."""
    with (sweep_dir / ".sweep/journal.csv").open() as file:
        return [(row[2], row[4]) for row in csv.reader(file)]


def numbers(root: Path, folders: Sequence[Path] | None = None) -> dict[str, dict[str, Any]]:
    """Run key -> values of both parts, of every run, all of them finished; no key occurs twice.

    ``folders``: of these runs only.
    """
    found: dict[str, dict[str, Any]] = {}
    for folder in run_folders(root) if folders is None else folders:
        status = json.loads((folder / "status.json").read_text())
        assert status["state"] == "finished", folder
        assert status["key"] not in found, folder
        metrics = json.loads((folder / "metrics.json").read_text())
        found[status["key"]] = {part: metrics[part] for part in ("val", "test")}
    return found

"""What tests of optuna plan share."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import optuna

SEARCH = ["hydra/sweeper=optuna", "sweep.name=s", "epochs=2", "fusion=sum", "-m"]


def metrics(folder: Path) -> dict[str, dict[str, float]]:
    return json.loads((folder / "metrics.json").read_text())


def study(sweep: Path) -> optuna.Study:
    return optuna.load_study(study_name=None, storage=f"sqlite:///{sweep}/study.db")


def trials(sweep: Path) -> list[dict[str, str]]:
    with (sweep / "trials.csv").open() as file:
        return list(csv.DictReader(file))

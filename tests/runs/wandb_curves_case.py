"""What tests of wandb curves share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ltgnn.runs.wandb_import import inspect


def file_of(folder: Path) -> Path:
    (file,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    return file


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    found = map(json.loads, inspect(file_of(folder)).splitlines())
    return [record[kind] for record in found if record["type"] == kind]

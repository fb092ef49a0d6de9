"""A model by its folder, or what the folder is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.serving.loading import load
from ltgnn.types import UserError


def test_neither_a_run_nor_an_export(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is neither a run \(it has no status.json\) nor an exported model"):
        load(tmp_path)


def test_a_run_and_a_folder_of_runs(runs: dict[str, Path]) -> None:
    run = next(iter(runs.values()))
    with pytest.raises(UserError, match=r"one wanted, such as .* All of them: ltgnn.open"):
        load(run.parent)

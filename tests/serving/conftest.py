"""What tests of serving share."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.export import main


@pytest.fixture(scope="module")
def exported(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    top = tmp_path_factory.mktemp("exported")
    for name, run in runs.items():
        assert main([f"run={run}", f"out={top / name}"]) == 0
    return {name: top / name for name in runs}

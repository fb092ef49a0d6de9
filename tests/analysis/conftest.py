"""What tests of analysis share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.comparison_case import GRID
from tests.analysis.kinds_case import write_sweep
from tests.analysis.made import side


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fusions, two losses, three seeds; to be left as it is."""
    folder = tmp_path_factory.mktemp("sweep")
    for (fusion, loss), tail in GRID.items():
        side(folder / f"{fusion}-{loss}", 3, tail=tail, head=0.5, spread=0.002, fusion=fusion, loss=loss)
    return folder


@pytest.fixture(scope="package")
def kinds_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two kinds of features, alone and together, real and shuffled, three seeds; to be left as it is."""
    return write_sweep(tmp_path_factory.mktemp("kinds"))

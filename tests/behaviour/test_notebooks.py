"""The notebooks of the documentation run from an empty folder, and are stored without output."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

HOME = Path(__file__).parents[2] / "docs/notebooks"
NOTEBOOKS = ["a_shop_from_frames_to_a_pareto_picture", "movielens_in_five_minutes"]
NOISE = ("Traceback", "ipywidgets", "Warning:", "DeprecationWarning")


def read(name: str) -> Any:
    return nbformat.read(HOME / f"{name}.ipynb", as_version=4)


def test_all_notebooks_are_here() -> None:
    assert sorted(file.stem for file in HOME.glob("*.ipynb")) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_stored_clean(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        assert not cell.outputs
        assert cell.execution_count is None
        ast.parse(cell.source)
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell, with lines of progress and without complaints on the error stream."""
    for variable, folder in (("LTGNN_DATA", "data"), ("LTGNN_CACHE", "cache"), ("MPLCONFIGDIR", "mpl")):
        monkeypatch.setenv(variable, str(tmp_path / folder))
    notebook = read(name)
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    texts = ["".join(output.get("text", "")) for output in outputs]
    assert not [text for output, text in zip(outputs, texts, strict=True) if output.get("name") == "stderr"]
    shown = "\n".join([*texts, *(str(output.get("data", {}).get("text/plain", "")) for output in outputs)])
    assert not [word for word in NOISE if word in shown]
    assert any("image/png" in output.get("data", {}) for output in outputs), "a picture"
    assert len(shown) < 30_000

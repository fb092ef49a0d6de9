"""What a reproduction leaves behind: one JSON file a row and commit, and the table that is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.config.paths import paper_dir
from ltgnn.reproduction import result as paper_result
from ltgnn.reproduction.published_row import read_all, read_row
from ltgnn.types import UserError
from tests.reproduction.published_row_case import result, written


def test_the_table_shows_the_newest_whole_run(tmp_path: Path) -> None:
    row = read_row(written(tmp_path, reason="because"))
    assert "| .2000 | | | not yet run | | none |" in paper_result.table([row], tmp_path / "results")
    paper_result.write(tmp_path / "results", result("smoke", "3", epoch=5))
    assert "smoke, epoch 5, 2 seeds, 3 min" in paper_result.table([row], tmp_path / "results")
    paper_result.write(tmp_path / "results", result("whole", "1"))
    file = paper_result.write(tmp_path / "results", result("whole", "2", "NEAR"))
    assert json.loads(file.read_text())["verdict"] == "NEAR"
    assert sorted(path.name for path in (tmp_path / "results/toy").iterdir()) == ["c1.json", "c2.json", "c3-smoke.json"]
    shown = paper_result.table([row], tmp_path / "results")
    assert "| .2000 | .2020 (sd .00283) | +.0020 | [NEAR](experiments/results/toy) | 2 seeds, 3 min | none |" in shown
    assert "- Toy, NEAR: because" in shown


def test_readme_is_changed_between_its_marks_alone(tmp_path: Path) -> None:
    readme, row = tmp_path / "README.md", read_row(written(tmp_path))
    readme.write_text(f"before\n{paper_result.BEGIN}\nold\n{paper_result.END}\nafter\n")
    paper_result.rebuild(readme, [row], tmp_path)
    text = readme.read_text()
    assert text.startswith(f"before\n{paper_result.BEGIN}\n| row |")
    assert text.endswith(f"{paper_result.END}\nafter\n")
    assert "old" not in text
    readme.write_text("no marks")
    with pytest.raises(UserError, match="no place for the table"):
        paper_result.rebuild(readme, [row], tmp_path)
    assert readme.read_text() == "no marks"
    with pytest.raises(UserError, match="Expected a file"):
        paper_result.rebuild(tmp_path / "absent", [row], tmp_path)


def test_the_readme_of_this_project_is_made_of_the_result_files() -> None:
    home = Path(__file__).parents[2]
    text = (home / "README.md").read_text()
    results = home / "experiments/results"
    table = paper_result.table(paper_result.choose(list(read_all(paper_dir()).values()), results), results)
    assert f"{paper_result.BEGIN}\n{table}\n{paper_result.END}" in text, "ltgnn reproduce --table"

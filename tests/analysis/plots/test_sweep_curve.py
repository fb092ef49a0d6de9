"""The picture of a folder of runs, accuracy against tail: of ``ltgnn pareto``, and at the end of a sweep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.analysis.pareto import Point, read_points, swept_keys
from ltgnn.analysis.plots.sweep_curve import draw_points
from ltgnn.commands.pareto import main
from ltgnn.types import UserError


def write_run(folder: Path, changed: str, x: float, y: float) -> None:
    folder.mkdir(parents=True)
    (folder / "status.json").write_text('{"state": "finished"}')
    (folder / "config.yaml").write_text(f"changed: {changed!r}\nchoices: {{}}\n")
    (folder / "metrics.json").write_text(json.dumps({"test": {"ndcg@20": x, "items20/tail/ndcg@20": y}}))


def test_runs_become_points_and_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, weight in enumerate((0, 0.5, 1)):
        write_run(
            tmp_path / f"{number}", f"score=content score.weight={weight}", 0.3 - 0.1 * weight, 0.1 + 0.1 * weight
        )
    (tmp_path / "failed").mkdir()
    (tmp_path / "failed/status.json").write_text('{"state": "failed"}')
    (tmp_path / "failed/config.yaml").write_text("choices: {}\n")
    points, damaged, about = read_points(tmp_path, "ndcg@20", "items20/tail/ndcg@20")
    assert not damaged
    assert about == "groups items20, not recorded"
    assert [(p.settings["score.weight"], p.x, p.y) for p in points] == [
        ("0", 0.3, 0.1),
        ("0.5", pytest.approx(0.25), pytest.approx(0.15)),
        ("1", pytest.approx(0.2), 0.2),
    ]
    assert swept_keys(points) == ["score.weight"]
    assert main([str(tmp_path)]) == 0
    picture = (tmp_path / "pareto.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert capsys.readouterr().out.strip() == str(tmp_path / "pareto.png")
    assert not list(tmp_path.glob(".*.png"))
    draw_points(
        [Point({"a": "x"}, 1, 1), Point({"a": "y", "b": "2"}, 2, 0)], "x", "y", tmp_path / "two.png"
    )  # no number, no line
    with pytest.raises(UserError, match="no finished run with recall@5"):
        main([str(tmp_path), "-x", "recall@5"])

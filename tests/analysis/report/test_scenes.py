"""The section of a report on scenes: its sentence, its numbers, and its absence where no run has them."""

from __future__ import annotations

import re
from pathlib import Path

from ltgnn.analysis.event_groups import values_by_group
from ltgnn.analysis.report.gather import read_runs
from ltgnn.analysis.report.scenes import scenes
from ltgnn.commands.report import main
from tests.analysis.made import METRIC
from tests.analysis.test_event_groups import SCENES, with_scenes
from tests.behaviour.test_damaged_runs import complete


def made(top: Path) -> Path:
    """Two seeds without features, and two of a model that reads text (a folder called b)."""
    for seed in (1, 2):
        complete(with_scenes(top / f"one/{seed}/a", seed))
        complete(with_scenes(top / f"two/{seed}/b", seed, shift=0.02, fusion="sum"))
    return top


def test_the_page_says_whether_it_is_as_good_in_each_scene(tmp_path: Path) -> None:
    runs = read_runs([made(tmp_path)])
    (found,) = scenes(runs, runs.configurations)
    side = runs.configurations[0].side
    assert found.values == values_by_group(side, "scene", METRIC, 0.95, 2_000, seed=0)
    assert found.sentence.startswith("No: it is lower in store")
    assert [one.group for one in found.changes] == found.groups == list(SCENES)
    assert all(abs(one.interval.estimate - 0.02) < 1e-6 for one in found.changes)
    for configuration, cells in found.board:
        means = [configuration.side.mean(f"scene/{name}/{METRIC}") for name in SCENES]
        assert [cell.value for cell in cells] == means
    page = tmp_path / "r.html"
    assert main([str(tmp_path), "--out", str(page)]) == 0
    text = page.read_text()
    section = text.partition('<section id="scenes"')[2].partition("</section>")[0]
    assert "Is it as good in each scene?" in section
    for one in found.values:
        assert f"{one.value.lower:.4f} to {one.value.upper:.4f}" in section
    assert '<a href="#scenes">' in text


def test_without_scenes_there_is_no_section(sweeps: list[Path], tmp_path: Path) -> None:
    assert main([*map(str, sweeps), "--out", "r.html"]) == 0
    assert not re.search("#scenes|each scene", (tmp_path / "r.html").read_text())

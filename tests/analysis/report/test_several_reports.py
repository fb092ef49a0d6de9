"""The report of several sweeps: it spares that of the first, names groups and spread, and shows warnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.report import main
from ltgnn.types import UserError
from tests.analysis.made import write_run
from tests.behaviour.test_damaged_runs import complete


@pytest.fixture
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two sweeps, the second with two seeds of a model that reads text."""
    monkeypatch.chdir(tmp_path)
    complete(write_run(tmp_path / "one/a", 1, 0.1, 0.5))
    for seed in (1, 2):  # the folder's name "b" makes it read text
        complete(write_run(tmp_path / f"two/{seed}/b", seed, 0.12, 0.5, fusion="sum"))
    return [tmp_path / "one", tmp_path / "two"]


def test_the_report_of_the_first_is_spared(sweeps: list[Path], tmp_path: Path) -> None:
    one, two = map(str, sweeps)
    assert main([one]) == 0
    before = (sweeps[0] / "report.html").read_text()
    assert main([one, two]) == 0
    assert (sweeps[0] / "report.html").read_text() == before
    both = (tmp_path / "report.html").read_text()
    with pytest.raises(UserError, match="is there already: name the report of these 2 folders with --out"):
        main([one, two])
    assert (tmp_path / "report.html").read_text() == both
    assert main([one, two, "--out", "report.html"]) == 0


def test_the_answer_names_its_groups_runs_and_spread(sweeps: list[Path], tmp_path: Path) -> None:
    assert main([*map(str, sweeps), "--out", "r.html"]) == 0
    page = (tmp_path / "r.html").read_text()
    answer = page.partition('<p class="answer">')[2].partition("</p>")[0]
    assert (
        "from fusion=id (best without features by validation, 1 run) to fusion=sum (best with features, 2 runs)"
        in answer
    )
    assert "groups items20, by share of items" in answer
    assert " ± " in answer
    assert "0, 1: the validation part is small" in page
    with pytest.raises(UserError, match="--policy mass"):
        main([*map(str, sweeps), "--policy", "mass", "--out", "m.html"])

"""The runs of a report, grouped into configurations, with their data on the page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ltgnn.analysis.report.gather import group, read_runs
from ltgnn.commands.report import main
from ltgnn.config.reads_features import uses_features
from ltgnn.runs.history import read_history
from ltgnn.types import UserError
from tests.analysis.ensembles_as_seeds_case import blend
from tests.conftest import run_folders


def test_numbers_are_those_of_metrics_json(sweep: Path, page: Path) -> None:
    text = page.read_text()
    for folder in run_folders(sweep):
        metrics = json.loads((folder / "metrics.json").read_text()) if (folder / "metrics.json").is_file() else {}
        if metrics:
            for name in ("ndcg@20", "items20/head/ndcg@20", "items20/tail/ndcg@20"):
                value = metrics["test"][name]
                assert f'data-value="{value}">{value:.4f}<' in text, (folder, name)
    runs = read_runs([sweep])
    two = next(c for c in runs.configurations if len(c.side.runs) == 2)
    mean = np.mean([run.metrics["test"]["ndcg@20"] for run in two.side.runs])
    assert f'data-value="{mean}">{mean:.4f}' in text
    assert [run.state for run in runs.lost] == ["failed"]
    assert "loss.ranking.weights.policy=none given" in text
    assert re.search(r"<code>ltgnn train .*model=lightgcn.*seed=2.*</code>", text)


def test_who_reads_text() -> None:
    fused = {"choices": {"features": "minilm"}, "model": {}, "fusion": {"_target_": "ltgnn.models.fusion.Sum"}}
    ids = fused | {"fusion": {"_target_": "ltgnn.models.fusion.Id"}}
    closed = ids | {
        "model": {"closed_form": {"parts": {"t": {"_target_": "ltgnn.models.closed_form.neighbours.ContentKNN"}}}}
    }
    assert [uses_features(c) for c in (fused, ids, closed, fused | {"choices": {"features": "none"}})] == [
        True, False, True, False,
    ]  # fmt: skip


def test_an_epoch_that_was_run_twice_counts_once(sweep: Path, tmp_path: Path) -> None:
    run = next(run for run in read_runs([sweep]).finished if (run.folder / "history.csv").is_file())
    folder = Path(shutil.copytree(run.folder, tmp_path / "again"))
    lines = (folder / "history.csv").read_text().splitlines()
    (folder / "history.csv").write_text("\n".join([*lines, *lines[1:]]) + "\n")
    (copied,) = read_runs([folder]).finished
    assert read_history(copied) == read_history(run)


@pytest.mark.parametrize("command", [lambda p: [str(p / "no")], lambda p: [str(p), "--out", str(p / "no/r.html")]])
def test_mistakes(sweep: Path, command: Callable[[Path], list[str]]) -> None:
    with pytest.raises(UserError, match=r"no run folder|there is no folder"):
        main(command(sweep))


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


def test_the_report_puts_them_into_one_row(tmp_path: Path) -> None:
    runs = [blend(tmp_path, 1, 0.3), blend(tmp_path, 2, 0.4), blend(tmp_path, 3, 0.4, lr=0.2)]
    assert [[run.seed for run in found.side.runs] for found in group(runs, ["lr"])] == [["1", "2"], ["3"]]

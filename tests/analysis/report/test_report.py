"""The report: its numbers are those of the files, its text is escaped, and it works in a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ltgnn.analysis.report.gather import read_runs
from ltgnn.analysis.report.plots import Axis, Mark, number_marks, round_up_step
from ltgnn.commands.report import main
from ltgnn.config.reads_features import uses_features
from ltgnn.runs.exposure import cumulative
from ltgnn.runs.history import read_history
from ltgnn.types import UserError
from tests.analysis.report.browser import HERE, opened
from tests.conftest import run_folders

BAD = '<img src=x onerror=alert(1)> & "co"'


@pytest.fixture(scope="module")
def sweep(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two closed forms, two fusions with two seeds each, one failed job; one title is full of markup."""
    root = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("LTGNN_CACHE", str(root / "cache"))
        from ltgnn.commands.train import main as train
        from tests.conftest import CONF

        toy = [
            "--config-dir",
            str(CONF),
            "data=toy",
            f"data.files.path={shop}",
            "features=words",
            "epochs=4",
            "logger=none",
        ]
        small = ["epochs=4", "dim=8", "num_layers=2", "batch_size=256", "eval_every=2", "min_epochs=1", "lr=0.05", "-m"]
        assert train([*toy, *small, "model=popularity,ease"]) == 0
        assert train([*toy, *small, "model=lightgcn", "fusion=id,sum", "seed=1,2"]) == 0
        assert train([*toy, *small, "loss=bpr_tail", "loss.ranking.weights.policy=none"]) == 1
    for folder in run_folders(root):
        if (folder / "items.parquet").is_file():
            items = pl.read_parquet(folder / "items.parquet")
            items.with_columns(pl.lit(BAD).alias("title")).write_parquet(folder / "items.parquet")
    return root / "logs"


@pytest.fixture(scope="module")
def page(sweep: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "r.html"
    assert main([str(sweep), "--out", str(file)]) == 0
    return file


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


def test_text_is_escaped_and_nothing_is_asked_of_the_network(page: Path) -> None:
    text = page.read_text()
    assert BAD not in text
    assert "&lt;img src=x onerror=alert(1)&gt; &amp;" in text
    assert not re.search(r'(src|href)="(?!#)', text)
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.skipif(not HERE, reason="no chromium with chromedriver is installed")
def test_in_a_browser_it_sorts_filters_tells_and_does_not_complain(page: Path, tmp_path: Path) -> None:
    with opened(page, tmp_path / "profile") as seen:
        values = "return [...document.querySelectorAll('#board tbody tr')].map(r => +r.cells[2].dataset.value)"
        head = "document.querySelectorAll('#board thead th')[2]"
        seen.run(f"{head}.querySelector('button').click()")
        assert seen.run(f"return {head}.getAttribute('aria-sort')") == "descending"
        down = seen.run(values)
        assert down == sorted(down, reverse=True)
        seen.run(f"{head}.querySelector('button').click()")
        assert seen.run(values) == down[::-1]

        shown = "return [...document.querySelectorAll('#board tbody tr')].filter(r => r.getClientRects().length).length"
        points = "return [...document.querySelectorAll('.point')].filter(r => r.getClientRects().length).length"
        everything = seen.run(points)
        assert seen.run(shown) == 4
        seen.run(
            "const s = document.querySelector('select[data-axis=model]'); s.value = 'ease';"
            "s.dispatchEvent(new Event('change'))"
        )
        assert (seen.run(shown), seen.run(points)) == (1, everything // 4)
        assert seen.run("return document.getElementById('count').textContent") == "1 of 4 configurations"
        seen.run("document.querySelector('#leaderboard button[type=reset]').click()")
        seen.run("return new Promise(done => setTimeout(done, 50))")
        assert seen.run(shown) == 4

        seen.press("\ue008")  # Shift: a window that nobody touched has no focus, and its elements hear of none
        seen.run("document.querySelector('.point').focus()")
        assert "NDCG@20" in seen.run("return document.getElementById('tip').textContent")
        assert not seen.run("return document.getElementById('tip').hidden")
        seen.press("\ue00c")  # Escape
        assert seen.run("return document.getElementById('tip').hidden")

        visible = "return [...document.querySelectorAll('.user:not([hidden]) [data-list]:not([hidden])')].length"
        assert seen.run(visible) == 2
        assert seen.run("return document.querySelectorAll('img').length") == 0
        assert seen.complaints() == []


@pytest.mark.skipif(not HERE, reason="no chromium with chromedriver is installed")
def test_a_phone_shows_all_of_it(page: Path, tmp_path: Path) -> None:
    with opened(page, tmp_path / "profile", 390, 844) as seen:
        assert seen.run("return document.documentElement.scrollWidth") <= 390
        assert seen.complaints() == []


def test_exposure_by_hand() -> None:
    curve = cumulative(np.array([1, 5, 0, 4]), np.array([1, 2, 1, 1]))
    assert curve is not None
    np.testing.assert_allclose(curve.items, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(curve.train, [0, 0.5, 0.9, 1, 1])
    np.testing.assert_allclose(curve.lists, [0, 0.4, 0.6, 0.8, 1])
    assert cumulative(np.array([1, 2]), np.array([0, 0])) is None


def test_scales() -> None:
    assert [round_up_step(x) for x in (0.011, 0.02, 0.3, 7)] == [0.02, 0.02, 0.5, 10]
    axis = Axis("", 0, 1, 100, 0)
    assert axis.at(0.25) == 75
    assert [text for _, text in axis.ticks] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]


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


def test_numbers_of_marks_do_not_lie_over_each_other() -> None:
    marks = [Mark(10, 10, 0, "", True, False), Mark(15, 12, 1, "", True, True), Mark(10, 40, 2, "", True, False)]
    assert [mark.numbered for mark in number_marks(marks)] == [False, True, True]  # that on the front comes first

"""The comparison of run folders made by hand: numbers against numpy and scipy, four layouts, mistakes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats as scipy_stats

from ltgnn.analysis import significance as stats
from ltgnn.analysis.comparison import Cell, compare, read_finished
from ltgnn.analysis.run_groups import Run
from ltgnn.commands.compare import main
from ltgnn.types import UserError
from tests.analysis.comparison_case import GRID, TAIL, cells, table
from tests.analysis.direction_case import recorded
from tests.analysis.made import METRIC, write_run


@pytest.fixture
def copy(sweep: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sweep, tmp_path / "copy"))


def test_means_spreads_and_differences_are_those_of_the_files(sweep: Path) -> None:
    found = table(sweep)
    assert found.keys == ("fusion", "loss")
    columns = {
        words: [
            pl.read_parquet(sweep / "-".join(words) / f"run{s}/per_user.parquet")[TAIL].to_numpy() for s in range(3)
        ]
        for words in GRID
    }
    for words, cell in cells(found, TAIL).items():
        seeds = [np.nanmean(column) for column in columns[words]]
        assert cell.mean == pytest.approx(np.mean(seeds), abs=1e-12)
        assert cell.sd == pytest.approx(np.std(seeds, ddof=1), abs=1e-12)
        assert cell.best == (words == ("sum", "bpr"))
        base = "id", words[1]
        if words == base:
            assert (cell.delta, cell.p, cell.stars) == (None, None, "")
            continue
        d = np.mean(columns[words], axis=0) - np.mean(columns[base], axis=0)
        assert cell.delta == pytest.approx(np.nanmean(d), abs=1e-12)
        shares = [np.nanvar(d, ddof=1) / (~np.isnan(d)).sum()]
        shares += [np.var([np.nanmean(c) for c in columns[w]], ddof=1) / 3 for w in (words, base)]
        freedom = sum(shares) ** 2 / (
            shares[0] ** 2 / ((~np.isnan(d)).sum() - 1) + (shares[1] ** 2 + shares[2] ** 2) / 2
        )
        p = 2 * scipy_stats.t.sf(abs(np.nanmean(d)) / np.sqrt(sum(shares)), freedom)
        assert cell.p == pytest.approx(p)
    p = {(w, name): c.p for name in found.names for w, c in cells(found, name).items() if c.p is not None}
    adjusted = {
        (w, name): c.p_adjusted for name in found.names for w, c in cells(found, name).items() if c.p is not None
    }
    assert len(p) == 4
    np.testing.assert_allclose(list(adjusted.values()), stats.holm(np.array(list(p.values()))))


def test_stars_follow_the_adjusted_p() -> None:
    def stars(p: float | None) -> str:
        return Cell(0.2, None, 1, base=0.1, p=0.0, p_adjusted=p).stars

    assert [stars(p) for p in (None, 0.05, 0.049, 0.0099, 0.00099)] == ["", "", "*", "**", "***"]


def test_a_full_baseline_is_one_row_for_all(sweep: Path) -> None:
    found = table(sweep, baseline={"fusion": "id", "loss": "bpr"})
    bases = {words: cell.base for words, cell in cells(found, TAIL).items()}
    assert bases[("id", "bpr")] is None
    own = cells(found, TAIL)["id", "bpr"].mean
    assert all(base == own for words, base in bases.items() if words != ("id", "bpr"))


def test_corrections(sweep: Path) -> None:
    raw, holm, bh = (cells(table(sweep, correction=c), TAIL)["sum", "softmax"] for c in ("none", "holm", "bh"))
    assert raw.p_adjusted == raw.p == holm.p == bh.p
    assert raw.p is not None
    assert raw.p <= bh.p_adjusted <= holm.p_adjusted  # type: ignore[operator]


def test_failed_runs_and_single_seeds_are_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(copy / "broken", 9, 0.1, 0.5, state="failed", fusion="gate")
    write_run(copy / "lonely", 0, 0.1, 0.5, fusion="content")
    write_run(copy / "ease", 0, 0.2, 0.5, fusion="-", model="ease", by="none: closed form")
    assert main([str(copy), "--baseline", "fusion=id", "--metrics", METRIC, TAIL]) == 0
    printed = capsys.readouterr().out
    assert f"{copy}/broken (failed)" in printed
    assert "One seed only, so that the tests cover only its users: lightgcn content bpr." in printed
    assert "Which config group explains the variance over the runs" in printed
    assert "residual: seeds and the rest" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--by", "fusion"], r"the 6 runs with fusion=id also differ in loss. Add that to --by"),
        (["--by", "nothing"], "--by nothing: no run has that"),
        (["--baseline", "fusion"], "'fusion' is not GROUP=OPTION"),
        (["--baseline", "fusion=gate"], "no run has that; there are id, sum"),
        (["--baseline", "model=mf"], "the config groups are fusion, loss"),
        (["--metrics", "recall@7"], "no run has the value 'recall@7'"),
        (["--out", "x"], "add --format"),
    ],
)
def test_errors_say_what_to_do(sweep: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main([str(sweep), *arguments] if "--metrics" in arguments else [str(sweep), "--metrics", METRIC, *arguments])


def test_other_splits_and_repeated_seeds_are_refused(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run folder"):
        read_finished([tmp_path / "nothing"])
    write_run(copy / "again", 1, 0.1, 0.5)
    with pytest.raises(UserError, match="seed 1 of fusion=id, loss=bpr is there twice"):
        table(copy)
    (copy / "again/status.json").write_text('{"state": "failed"}')
    write_run(copy / "other", 1, 0.1, 0.5, fusion="content", fingerprint="0" * 64)
    with pytest.raises(UserError, match="2 different splits"):
        table(copy)


@pytest.mark.parametrize(("less", "best"), [(True, "sum"), (False, "id")])
def test_the_best_of_a_comparison(tmp_path: Path, less: bool, best: str) -> None:
    folders = [write_run(tmp_path / word, 1, 0.1, head, fusion=word) for word, head in (("id", 0.6), ("sum", 0.5))]
    for folder in folders if less else []:
        recorded(str(folder))
    runs = [
        Run(f, {"choices": {"fusion": f.name}, "seed": 1}, json.loads((f / "metrics.json").read_text()))
        for f in folders
    ]
    rows = compare(runs, ["fusion"], [METRIC], {}, "holm").rows
    assert [row.options for row in rows if row.cells[0] is not None and row.cells[0].best] == [(best,)]

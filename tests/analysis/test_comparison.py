"""The comparison of run folders made by hand: numbers against numpy and scipy, four layouts, mistakes."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats as scipy_stats

from ltgnn.analysis import significance as stats
from ltgnn.analysis.compare_runs import variance
from ltgnn.analysis.comparison import Cell, Comparison, compare, read_finished
from ltgnn.analysis.labels import differing_keys
from ltgnn.commands.compare import main
from ltgnn.types import UserError
from tests.analysis.made import METRIC, NAMES, side, write_run

TAIL = NAMES["tail"]
GRID = {("id", "bpr"): 0.10, ("sum", "bpr"): 0.12, ("id", "softmax"): 0.11, ("sum", "softmax"): 0.112}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fusions, two losses, three seeds; to be left as it is."""
    folder = tmp_path_factory.mktemp("sweep")
    for (fusion, loss), tail in GRID.items():
        side(folder / f"{fusion}-{loss}", 3, tail=tail, head=0.5, spread=0.002, fusion=fusion, loss=loss)
    return folder


@pytest.fixture
def copy(sweep: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sweep, tmp_path / "copy"))


def table(folder: Path, **changes: object) -> Comparison:
    runs, left_out = read_finished([folder])
    given = {"baseline": {"fusion": "id"}, "correction": "holm"} | changes
    return compare(runs, differing_keys(runs), [METRIC, TAIL], left_out=left_out, **given)  # type: ignore[arg-type]


def cells(found: Comparison, name: str) -> dict[tuple[str, ...], Cell]:
    return {row.options: row.cells[found.names.index(name)] for row in found.rows}  # type: ignore[misc]


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


def test_every_layout_has_the_same_numbers(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = table(sweep)
    texts = {}
    for layout in ("terminal", "markdown", "latex", "csv"):
        given = [str(sweep), "--by", "fusion,loss", "--baseline", "fusion=id", "--metrics", METRIC, TAIL]
        assert main([*given, "--format", layout]) == 0
        texts[layout] = capsys.readouterr().out
    first, anova = texts["csv"].split("\n\n")
    rows = list(csv.DictReader(io.StringIO(first)))
    assert len(rows) == 8
    for row in rows:
        cell = cells(found, row["value"])[row["fusion"], row["loss"]]
        assert (float(row["mean"]), float(row["sd"]), row["best"]) == (cell.mean, cell.sd, str(int(cell.best)))
        assert row["delta"] == ("" if cell.delta is None else repr(cell.delta))
        number = f"{cell.mean:.4f} ± {cell.sd:.4f}"
        assert number in texts["terminal"]
        assert (f"**{number}**" if cell.best else number) in texts["markdown"]
        tex = number.replace("±", r"$\pm$")
        assert (rf"\textbf{{{tex}}}" if cell.best else tex) in texts["latex"]
        if cell.delta is not None:
            assert f"{cell.delta:+.4f}{cell.stars}" in texts["terminal"]
            assert f"{cell.delta:+.4f}" + r"\*" * len(cell.stars) in texts["markdown"]
            assert f"${cell.delta:+.4f}" + (f"^{{{cell.stars}}}$" if cell.stars else "$") in texts["latex"]
    shape = [line.count("&") for line in texts["latex"].splitlines() if line.endswith(r"\\")]
    assert shape == [5] * 5 + [5] * 5  # four configurations; two axes, their product and the residual
    assert texts["latex"].count(r"\bottomrule") == 2
    assert [line.count("|") for line in texts["markdown"].splitlines() if line.startswith("|")] == [7] * 6 + [7] * 6

    effects = list(csv.DictReader(io.StringIO(anova)))
    assert [row["effect"] for row in effects if row["value"] == TAIL] == ["fusion", "loss", "fusion x loss", "residual"]
    runs, _ = read_finished([sweep])
    for row in effects:
        wanted = next(e for e in variance(found, runs)[row["value"]] if e.name == row["effect"])
        assert [row[k] for k in ("df", "squares", "share", "F", "p")] == [
            "" if n is None else repr(n) for n in (wanted.freedom, wanted.squares, wanted.share, wanted.f, wanted.p)
        ]
        assert f"{wanted.share:.1%}" in texts["terminal"]
        assert f"| {wanted.share:.1%} |" in texts["markdown"]
        assert f"{wanted.share:.1%}".replace("%", r"\%") in texts["latex"]
    assert r"fusion $\times$ loss" in texts["latex"]


def test_where_there_is_no_bold_type_none_is_promised(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sweep)]) == 0
    assert "bold" not in capsys.readouterr().out
    assert main([str(sweep), "--format", "markdown"]) == 0
    assert "best of each column bold" in capsys.readouterr().out


def test_a_document_is_written(sweep: Path, tmp_path: Path) -> None:
    assert main([str(sweep), "--metrics", METRIC, "--format", "latex", "--out", str(tmp_path / "table.tex")]) == 0
    assert (tmp_path / "table.tex").read_text().count(r"\toprule") == 2
    assert main([str(sweep), "--metrics", METRIC, "--format", "csv", "--out", str(tmp_path / "table.csv")]) == 0
    assert (tmp_path / "table.csv").read_text().startswith("fusion,loss,value")
    assert (tmp_path / "table.anova.csv").read_text().startswith("value,effect")


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

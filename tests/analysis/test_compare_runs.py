"""A comparison of finished runs as ``ltgnn compare`` makes it: its keys and values found where none are named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from ltgnn.analysis.compare_runs import variance
from ltgnn.analysis.comparison import read_finished
from ltgnn.commands.compare import main
from tests.analysis.comparison_case import TAIL, cells, table
from tests.analysis.made import METRIC


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

"""Which kind of features helps whom: the same numbers in every layout."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from ltgnn.analysis import kind_formats
from ltgnn.analysis.kind_gains import GroupGain, KindGain, KindGains
from ltgnn.commands.compare import main

GROUPS = [GroupGain("all", 30, 0.1, 0.12, 0.02, 0.01, 0.03), GroupGain("tail", 20, 0.05, 0.04, -0.01, -0.02, 0.001)]
FOUND = KindGains("ndcg@20", "items20", 0.95, [KindGain("images", "added to tfidf", "lightgcn", (5, 5), GROUPS)])


def test_layouts() -> None:
    rows = list(csv.DictReader(io.StringIO(kind_formats.as_csv(FOUND))))
    assert [(row["group"], float(row["difference"]), float(row["upper"])) for row in rows] == [
        ("all", 0.02, 0.03),
        ("tail", -0.01, 0.001),
    ]
    assert "| ndcg@20 | images | added to tfidf | lightgcn | tail | 20 | 0.05000 |" in kind_formats.markdown(FOUND)
    assert [kind_formats.verdict(group) for group in GROUPS] == ["helps", ""]
    assert kind_formats.verdict(replace(GROUPS[0], less=True)) == "hurts"
    assert kind_formats.title(FOUND.gains[0]) == "added to tfidf (lightgcn; 5 and 5 runs)"


def test_command(kinds_sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(kinds_sweep), "--kinds"]) == 0
    shown = capsys.readouterr().out
    for words in ("added to no", "instead of", "activity/active", "helps", "not adjusted"):
        assert words in shown
    out = tmp_path / "kinds.csv"
    assert main([str(kinds_sweep), "--kinds", "--format", "csv", "--out", str(out)]) == 0
    for row in csv.DictReader(out.open()):
        assert f"{float(row['difference']):+.5f}" in shown
        assert f"{float(row['lower']):+.5f} {float(row['upper']):+.5f}" in shown

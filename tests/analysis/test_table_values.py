"""``ltgnn table``: what is shown is what was asked for, at most 120 columns, and documents in full precision."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from ltgnn.commands.table import main
from ltgnn.types import UserError
from tests.analysis.table_case import made

FEATURES = ("minilm", "tfidf", "shuffled", "random", "minilm_numbers", "minilm_tfidf", "mpnet", "bge", "multilingual")


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Two fusions of three seeds, and a closed form."""
    for number, fusion in enumerate(("id", "sum")):
        for seed in (1, 2, 3):
            test = {"mrr@20": 0.1 + 0.1 * number + 0.01 * seed, "arp@20": 90.0 - 10 * number, "coverage@20": 0.5}
            made(tmp_path / f"{fusion}{seed}", seed, 0.5 + 0.01 * seed, fusion=fusion, test=test)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_nine_features_of_three_seeds_in_120_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in FEATURES:
        for seed in (1, 2, 3):
            run = made(tmp_path / f"{option}{seed}", seed, 0.4 + 0.01 * seed, fusion="sum", test={"coverage@20": 0.5})
            config = (run / "config.yaml").read_text()
            inner = (
                f"  features: {option}\n  features/transform: t-{option}\n  features/store@features.text.store: cache\n"
            )
            whole = f"features:\n  kind: {option}\n" + config.replace("choices:\n", f"choices:\n{inner}")
            (run / "config.yaml").write_text(whole)
    lines = said(capsys, tmp_path).splitlines()
    table = lines[: next(n for n, line in enumerate(lines) if line.startswith("  0 /"))]
    assert max(map(len, table)) <= 120
    for option in FEATURES:
        rows = [line for line in table if f" features={option} " in line]
        assert len(rows) == 1, "\n".join(table)
        (row,) = rows
        assert " 3 " in row
        assert "±" in row
        assert "transform" not in row  # what the option implies is not said again
    assert "Not shown for want of room: recall (--metric recall)." in lines


def test_any_number_of_metrics_fits_below_each_other(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, sweep, "--metric", "ndcg,recall,mrr@20", "--metric", "coverage", "--policy", "mass")
    lines = out.splitlines()
    assert max(len(line) for line in lines if "/" not in line) <= 120
    for title in ("NDCG@20", "Recall@20", "MRR@20"):
        assert title in out
    assert out.count("configuration") > 2


def test_metric_and_group_choose_the_columns(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, sweep, "--metric", "mrr", "--metric", "val/ndcg@20")
    assert "MRR@20" in out
    assert "Recall" not in out
    assert ".5200 ±.0100" in out  # the spread of the validation value, too
    out = said(capsys, sweep, "--group", "head")
    assert "tail" not in out.split("configuration")[1].split("sec")[0]


def test_best_first_by_the_direction_of_the_value(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def order(by: str) -> list[str]:
        rows = json.loads(said(capsys, sweep, "--format", "json", "--sort", by))["rows"]
        return [row["label"] for row in rows]

    assert order("mrr@20") == order("mrr") == ["fusion=sum", "fusion=id"]
    assert order("arp@20") == ["fusion=sum", "fusion=id"]  # less popular items are better
    assert order("label") == ["fusion=id", "fusion=sum"]
    with pytest.raises(UserError, match="--sort speed: a value such as ndcg@20, label, seconds, or one of"):
        main([str(sweep), "--sort", "speed"])


def test_documents_hold_all_digits(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = [json.loads((sweep / f"sum{s}/metrics.json").read_text())["test"]["ndcg@20"] for s in (1, 2, 3)]
    whole = json.loads(said(capsys, sweep, "--format", "json"))
    assert (whole["policy"], whole["sizes"]) == ("items20", {"head": 20, "tail": 70, "cold": 10})
    (record,) = [row for row in whole["rows"] if row["fusion"] == "sum"]
    assert record["ndcg@20"] == pytest.approx(np.mean(values), rel=1e-15)
    assert record["ndcg@20_sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-12)
    assert record["seeds"] == ["1", "2", "3"]
    assert record["items20/tail/ndcg@20"] is not None
    (line,) = [
        row for row in csv.DictReader(io.StringIO(said(capsys, sweep, "--format", "csv"))) if row["fusion"] == "sum"
    ]
    assert float(line["ndcg@20"]) == record["ndcg@20"]
    assert line["seeds"] == "1 2 3"
    every = json.loads(said(capsys, sweep, "--format", "json", "--metric", "every"))["rows"][0]
    assert "mass/head/ndcg@20" in every


def test_papers(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    latex = said(capsys, sweep, "--format", "latex", "--metric", "mrr@20,ndcg@20")
    assert r"\multicolumn{4}{c}{NDCG@20}" in latex
    assert r"\textbf{.2200 $\pm$.0100}" in latex
    assert latex.splitlines()[-1] == r"\end{tabular}"
    rows = [line for line in latex.splitlines() if line.startswith(("fusion=id &", "fusion=sum &"))]
    assert [row.count("&") for row in rows] == [5, 5]
    markdown = said(capsys, sweep, "--format", "md", "--metric", "mrr@20")
    assert "| fusion=sum | 3 | **.2200 ±.0100** |" in markdown


def test_the_ending_of_the_file_is_the_format(sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for ending, start in ((".csv", "number,label,fusion,runs,seeds,"), (".md", "| configuration"), (".json", "{")):
        assert said(capsys, sweep, "--out", out / f"t{ending}") == ""
        assert (out / f"t{ending}").read_text().startswith(start)
    with pytest.raises(UserError, match=r"--out .*t.txt: a document wanted: --format csv, md, latex or json"):
        main([str(sweep), "--out", str(out / "t.txt")])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--metric", "ndgc"], "--metric ndgc: no run has the value ndgc@20. Near to it: ndcg@20"),
        (["--group", "middle"], "--group middle: the groups of items20 are all, head, tail, cold"),
        (["--policy", "thirds"], "--policy thirds: no run has values by such groups"),
    ],
)
def test_what_no_run_has_is_said(sweep: Path, words: list[str], told: str) -> None:
    with pytest.raises(UserError) as mistake:
        main([str(sweep), *words])
    assert told in str(mistake.value)

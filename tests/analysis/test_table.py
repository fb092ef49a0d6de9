"""The table: means over seeds, groups named, 0 is 0, warnings and damage told, text of data printed as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from ltgnn.commands.table import main
from ltgnn.types import Damaged, UserError
from tests.analysis.made import write_run
from tests.analysis.table_case import made, printed


def test_several_seeds_are_one_row_with_their_spread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for fusion in ("id", "sum"):
        for seed in (1, 2, 3):
            made(tmp_path / f"{fusion}{seed}", seed, 0.5 + 0.01 * seed, fusion=fusion)
    values = [json.loads((tmp_path / f"id{s}/metrics.json").read_text())["test"]["ndcg@20"] for s in (1, 2, 3)]
    out = printed(capsys, tmp_path)
    mean, sd = f"{np.mean(values):.4f}"[1:], f"{np.std(values, ddof=1):.4f}"[1:]
    assert f"0 fusion=id 3 {mean} ±{sd}" in out
    assert "Mean ± standard deviation over the runs of a configuration" in out
    assert "One run of each" not in out
    single = printed(capsys, tmp_path, "--runs")
    assert f"1 fusion=id seed=2 {values[1]:.4f}".replace(" 0.", " .") in single
    assert "±" not in single


def test_one_run_of_each_is_said_only_where_it_is_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = {"metrics": {"reads_features": True}, "fusion": "sum"}
    made(tmp_path / "id1", 1)
    made(tmp_path / "sum1", 1, 0.6, **text)
    assert "One run of each, so no claim" in printed(capsys, tmp_path)
    made(tmp_path / "sum2", 2, 0.61, **text)
    out = printed(capsys, tmp_path)
    assert "One run of each" not in out
    assert "Means over 2 runs and 1 run" in out
    assert "Best with features (by validation): fusion=sum; best without: fusion=id." in out
    assert "Test NDCG@20, groups items20: overall " in out


def test_runs_on_other_data_are_no_repetitions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in (1, 2):
        made(tmp_path / f"{seed}", seed, fingerprint=str(seed) * 64)
    out = printed(capsys, tmp_path)
    assert "The rows were tested on 2 different splits: their numbers cannot be compared with each other." in out
    assert "*" not in out.partition("seconds")[0]


def test_the_policy_is_named_with_its_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path / "run")
    out = printed(capsys, tmp_path)
    assert "Groups items20, by share of items: head 20 %, tail 80 %. Items: head 20, tail 70, cold 10." in out
    assert "mid" not in out
    mass = printed(capsys, tmp_path, "--policy", "mass")
    assert "Groups mass, by share of train interactions: head 50 %, mid 30 %. Items: head 9, mid 81, cold 10." in mass
    with pytest.raises(UserError, match="--policy thirds: no run has values by such groups; there are: "):
        main([str(tmp_path), "--policy", "thirds"])


def test_warnings_stand_under_the_table_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, fusion in enumerate(("id", "sum", "gate")):
        warnings = ["validation has 6 pairs [/b]"] if fusion != "sum" else []
        made(tmp_path / fusion, seed, fusion=fusion, metrics={"warnings": warnings})
    assert "0, 1: warning: validation has 6 pairs [/b]" in printed(capsys, tmp_path)


def test_brackets_newlines_and_controls_in_an_error_are_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path / "whole")
    write_run(tmp_path / "failed", 2, 0.1, 0.5, fusion="[/a]")
    error = "UserError: cannot read [/x/y.csv]\nnext \x1b[2Jline \x07"
    (tmp_path / "failed/status.json").write_text(json.dumps({"state": "failed", "error": error}))
    (tmp_path / "failed/metrics.json").unlink()
    out = printed(capsys, tmp_path, code=1)
    assert "failed: UserError: cannot read [/x/y.csv] next line �" in out
    assert "[/a]" in out


def test_without_a_finished_run_nothing_is_said_of_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made(tmp_path / "failed")
    (run / "status.json").write_text(json.dumps({"state": "failed", "error": "UserError: no file"}))
    (run / "metrics.json").unlink()
    out = printed(capsys, tmp_path, code=1)
    assert "No run has finished, so there are no values." in out
    assert "Items:" not in out
    assert "failed: UserError: no file" in out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("status.json", None, "status.json is missing or empty"),
        ("status.json", "{", "status.json cannot be read"),
        ("metrics.json", None, "metrics.json is missing or empty, though the run has finished"),
        ("metrics.json", '{"schema": 2}', "metrics.json holds no numbers of a run: neither 'test' nor 'val'"),
        ("metrics.json", '{"test": [1]}', "metrics.json: 'test' does not hold finite numbers by name"),
        ("metrics.json", '{"test": {"ndcg@20": NaN}}', "metrics.json: 'test' does not hold finite numbers by name"),
        ("config.yaml", None, "config.yaml is missing"),
        ("config.yaml", "seed: 1\ndim: 8\n", "config.yaml is cut short or not a recipe"),
        ("config.yaml", "choices:\n  model: lightg", "config.yaml is cut short: its last line has no end"),
        ("config.yaml", "data: {}\nfusion: {}\nchoices:\n  model: mf\n", "config.yaml is cut short"),
        ("config.yaml", "choices: {}\nmodel: 3\n", "config.yaml: 'model' is not a section"),
        ("overrides.yaml", "a: b\n", "overrides.yaml is not a list"),
    ],
)
def test_a_damaged_run_is_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str | None, said: str
) -> None:
    whole, broken = made(tmp_path / "a", fusion="sum"), made(tmp_path / "b")
    (broken / name).unlink(missing_ok=True)
    if content is not None:
        (broken / name).write_text(content)
    out = printed(capsys, tmp_path, code=1)
    assert f"Left out, damaged: {broken}: {said}" in out
    assert f"0 {whole}" in out
    with pytest.raises(Damaged, match=f"{broken.name}: "):
        main([str(broken)])


def test_words_beside_the_table_fit_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, as rich takes it
    monkeypatch.setenv("COLUMNS", "80")
    warning = "the validation part is small: " + "a long sentence about what follows from that " * 3
    made(tmp_path / "a", fusion="id", metrics={"warnings": [warning]})
    made(tmp_path / "b", fusion="sum")
    assert main([str(tmp_path)]) == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    wide = [line for line in lines if len(line) > 80 and str(tmp_path) not in line]
    assert not wide
    assert any(line.startswith("Test part") for line in lines)
    assert "sentence about what" in " ".join(lines)

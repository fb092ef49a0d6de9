"""The verdict on a reproduction: PASS, NEAR, FAIL, ABOVE, by a tolerance that was fixed before the run."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from ltgnn.config.paths import paper_dir
from ltgnn.reproduction.published_row import read_all
from ltgnn.reproduction.verdict import WORDS, Published, describe, evaluate, word, worst


@pytest.mark.parametrize(
    ("mean", "expected"),
    [
        (0.1849, "PASS"),
        (0.1854, "PASS"),  # the border belongs to the better word
        (0.1844, "PASS"),
        (0.185401, "ABOVE"),
        (0.184399, "NEAR"),
        (0.1839, "NEAR"),
        (0.183899, "FAIL"),
        (0.0, "FAIL"),
        (1.0, "ABOVE"),
    ],
)
def test_words_at_their_borders(mean: float, expected: str) -> None:
    assert evaluate(Published("recall@20", 0.1849, 0.0005), [mean]).word == expected


@given(st.floats(-1, 1), st.floats(0, 0.5))
def test_every_difference_has_one_word(delta: float, width: float) -> None:
    holds = {
        "PASS": abs(delta) <= width + 1e-9,
        "NEAR": -2 * width - 1e-9 <= delta < -width - 1e-9,
        "FAIL": delta < -2 * width - 1e-9,
        "ABOVE": delta > width + 1e-9,
    }
    assert [name for name, true in holds.items() if true] == [word(delta, width)]


def test_a_row_has_its_worst_word() -> None:
    assert WORDS == ("PASS", "NEAR", "ABOVE", "FAIL")
    assert worst(["PASS", "NEAR"]) == "NEAR"
    assert worst(["NEAR", "ABOVE", "PASS"]) == "ABOVE"
    assert worst(["ABOVE", "FAIL"]) == "FAIL"


def test_seeds_are_averaged_and_tested() -> None:
    values = [0.20, 0.21, 0.22]
    judged = evaluate(Published("recall@20", 0.2, 0.01), values)
    test = ttest_1samp(values, 0.2)
    assert judged.mean == pytest.approx(0.21)
    assert judged.sd == pytest.approx(0.01)
    assert (judged.t, judged.p) == pytest.approx((test.statistic, test.pvalue))
    assert judged.t == pytest.approx(math.sqrt(3))  # (.21 - .2) / (.01 / sqrt 3)
    assert judged.word == "PASS"
    line = describe(judged.to_dict())
    assert ".2100 sd .01000 (3 seeds)" in line
    assert "delta +.0100  t +1.73 p 0.23  PASS" in line


def test_one_seed_or_equal_seeds_have_no_test() -> None:
    assert evaluate(Published("recall@20", 0.2, 0.01), [0.2]).sd is None
    judged = evaluate(Published("recall@20", 0.2, 0.01), [0.2, 0.2])
    assert (judged.sd, judged.t, judged.p) == (0.0, None, None)


def test_committed_verdicts_follow_from_committed_numbers() -> None:
    """No result file says more than its seeds: every word, mean and file digest again from what stands in it."""
    home = Path(__file__).parents[2]
    rows = read_all(paper_dir())
    for file in (home / "experiments/results").glob("*/*.json"):
        found, row = json.loads(file.read_text()), rows[file.parent.name]
        plan = row.plan(found["kind"] == "smoke")
        assert [(n["metric"], n["epoch"], n["published"], n["width"]) for n in found["judged"]] == [
            (n.metric, n.epoch, n.value, n.width) for n in plan.judged
        ], file
        words = []
        for number in found["judged"]:
            values = [
                value["value"]
                for run in found["runs"]
                for value in run["values"]
                if (value["metric"], value["epoch"]) == (number["metric"], number["epoch"])
            ]
            again = evaluate(Published(number["metric"], number["published"], number["width"], number["epoch"]), values)
            assert (again.mean, again.word) == (number["mean"], number["word"]), file
            words.append(again.word)
        assert found["verdict"] == worst(words), file
        assert found["data"]["sha256"] == row.data["sha256"]

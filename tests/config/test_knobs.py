"""Knobs that are surely wrong are told before PyTorch is there, in the words of the check of the whole config."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.config.knobs import PLAIN, value_of, wrong_knobs


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("dim=-3", "dim=-3 given, a whole number of at least 1 wanted."),
        ("lr=abc", "lr=abc given, a number above 0 wanted."),
        ("lr=nan", "lr=nan given, a number above 0 wanted."),
        ("num_layers=1.5", "num_layers=1.5 given, a whole number of at least 0 wanted."),
        ("sampler.epoch_unit=edge", "sampler.epoch_unit=edge given, edges or users wanted."),
        ("sweep.on_error=halt", "sweep.on_error=halt given, continue or stop wanted."),
    ],
)
def test_a_wrong_knob_is_told(word: str, message: str) -> None:
    assert wrong_knobs("train", [word, "model=mf"]) == [message]
    assert wrong_knobs("train", [word, "seed=1,2", "-m"]) == [message]


def test_each_value_of_a_sweep_is_judged() -> None:
    wanted = ["dim=-3 given, a whole number of at least 1 wanted.", "dim=x given, a whole number of at least 1 wanted."]
    assert wrong_knobs("train", ["dim=8,-3,x", "seed=1,2", "-m"]) == wanted
    assert wrong_knobs("train", ["dim=8,-3"]) == []  # without -m it is one value with a comma: told later


@pytest.mark.parametrize(
    "words",
    [
        ["dim=-3", "dim=8"],  # the last one counts
        ["dim=8,16", "-m"],
        ["lr=${reg}"],
        ["lr=1e-3", "dim=1_000", "min_epochs=null", "profile=true", "monitor=val/ndcg@20", "tags=[a]"],
        ["temperature=abc"],
        ["loss.ranking.temperature=abc"],
        ["dim=-3", "--cfg", "job"],
        ["dim=-3", "--help"],
    ],
)
def test_what_may_be_right_is_left_to_the_whole_check(words: list[str]) -> None:
    assert wrong_knobs("train", words) == []


def test_the_knobs_of_a_run_are_not_judged_again() -> None:
    assert wrong_knobs("evaluate", ["run=DIR", "lr=abc", "sampler.epoch_unit=edge"]) == []
    assert wrong_knobs("evaluate", ["seed=1.5"]) == [
        "seed=1.5 given, a whole number above -2^63 and less than 2^63 wanted."
    ]


PLAIN_VALUES = st.text("0123456789+-._eEnaiftrulsNT/@", min_size=1, max_size=8)


@given(PLAIN_VALUES)
def test_a_plain_value_is_read_as_hydra_reads_it(text: str) -> None:
    word = f"key={text}"
    if not PLAIN.fullmatch(word):
        return
    try:
        wanted = OverridesParser.create().parse_override(word).value()
    except Exception:  # no value of Hydra's grammar: the command refuses it
        return
    given = value_of(text)
    assert type(given) is type(wanted) or isinstance(wanted, str)
    assert given == wanted or (isinstance(given, float) and math.isnan(given) and math.isnan(float(wanted)))


def test_a_wrong_knob_waits_for_no_library() -> None:
    code = (
        "import sys; from ltgnn.cli import main; code = main(['train', 'dim=-3']); "
        "print(code, [name for name in ('torch', 'hydra', 'polars', 'scipy') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert answer.stdout == "1 []\n"
    assert answer.stderr == "ltgnn: dim=-3 given, a whole number of at least 1 wanted.\n"

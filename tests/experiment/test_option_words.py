"""Options as words of a command line: Hydra reads each as the value that was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser

from ltgnn.experiment.option_words import has, override_words, sweep_words, value_word, words_of
from ltgnn.types import UserError


@pytest.mark.parametrize(
    "value",
    [
        *(
            "sum",
            "a b",
            "a,b",
            'say "so"',
            "back\\slash",
            "ends\\",
            'x\\"y',
            "ünïcode",
            "[x]",
            "{a}",
            "a:b",
            "a=b",
            "=",
        ),
        *("", 1, -2, 0.1, 1e-12, True, False, None, ["a", 1], [], {"k": [1, "x y"]}),
    ],
)
def test_hydra_reads_back_what_was_given(value: object) -> None:
    (override,) = OverridesParser.create().parse_overrides([f"key={value_word(value)}"])  # type: ignore[arg-type]
    read = override.value()
    assert (str(read) if isinstance(value, str) else read) == value


def test_a_text_means_what_it_means_on_the_command_line() -> None:
    assert [value_word(text) for text in ("null", "1e-3", "true")] == ["null", "1e-3", "true"]
    assert value_word(Path("a/b.csv")) == "a/b.csv"


def test_numbers_of_other_libraries_are_numbers() -> None:
    assert [value_word(one) for one in (np.float64(0.5), np.int64(3), torch.tensor(2))] == ["0.5", "3", "2"]  # type: ignore[arg-type]
    with pytest.raises(UserError, match="a text, number, list or dict wanted"):
        value_word(object())  # type: ignore[arg-type]


def test_a_list_is_an_axis_of_a_sweep_only() -> None:
    assert sweep_words({"fusion": ["id", "sum"], "seed": range(1, 3), "lr": 0.1}, ["dim=8,16"]) == [
        "fusion=id,sum", "seed=1,2", "lr=0.1", "dim=8,16",
    ]  # fmt: skip
    assert sweep_words({"eval.ks": [[10, 20]]}, ()) == ["eval.ks=[10,20]"]
    with pytest.raises(UserError, match=r"fusion=\['id', 'sum'\] given, one option wanted.*ltgnn.sweep"):
        words_of({"fusion": ["id", "sum"]}, ())
    with pytest.raises(UserError, match="seed="):
        sweep_words({"seed": []}, ())


def test_the_name_of_an_option_is_a_text() -> None:
    for call in (lambda: words_of({"model": 3}, ()), lambda: sweep_words({"model": ["ease", 3]}, ())):
        with pytest.raises(UserError, match="model=3 given, the name of an option wanted; ltgnn models model lists"):
            call()


def test_overrides() -> None:
    assert override_words({"loss.ranking.temperature": 0.2}) == ["loss.ranking.temperature=0.2"]
    assert override_words(["+a=1", "~b"]) == ["+a=1", "~b"]
    for wrong in ("a=1", [1]):
        with pytest.raises(UserError, match="overrides"):
            override_words(wrong)  # type: ignore[arg-type]
    assert has(["+logger=none"], "logger")
    assert not has(["logger.mode=x"], "logger")

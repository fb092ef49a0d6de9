"""Hydra's search-space syntax as Optuna's distributions, each against the distribution written out."""

from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from ltgnn.sweeps.optuna_space import grid, space, to_trial_value
from ltgnn.types import UserError


def read(*lines: str) -> tuple[list[str], dict[str, object]]:
    return space(OverridesParser.create().parse_overrides(list(lines)))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("lr=interval(0.1,0.5)", FloatDistribution(0.1, 0.5)),
        ("lr=tag(log,interval(1e-4,1e-1))", FloatDistribution(1e-4, 1e-1, log=True)),
        ("dim=int(interval(1,8))", IntDistribution(1, 8)),
        ("dim=tag(log,int(interval(1,64)))", IntDistribution(1, 64, log=True)),
        ("lr=interval(1,8)", FloatDistribution(1.0, 8.0)),
        ("num_layers=range(1,8,2)", IntDistribution(1, 7, step=2)),
        ("num_layers=range(4)", IntDistribution(0, 3)),
        ("reg=range(0.1,0.5,0.1)", FloatDistribution(0.1, 0.4, step=0.1)),
        ("fusion=id,sum", CategoricalDistribution(["id", "sum"])),
        ("dim=choice(32,64)", CategoricalDistribution(["32", "64"])),
    ],
)
def test_each_form(line: str, wanted: object) -> None:
    fixed, free = read("seed=1", line)
    assert fixed == ["seed=1"]
    assert free == {line.partition("=")[0]: wanted}


def test_the_last_word_counts() -> None:
    assert read("lr=interval(0.1,0.5)", "lr=0.2", "seed=1,2", "seed=3") == (["lr=0.2", "seed=3"], {})


@pytest.mark.parametrize("line", ["lr=interval(2,1)", "lr=tag(log,interval(0,1))", "dim=range(3,3)"])
def test_what_cannot_be_searched_is_told(line: str) -> None:
    with pytest.raises(UserError, match=line.partition("=")[0]):
        read(line)


def test_a_grid_of_a_space() -> None:
    _, free = read("lr=range(0.25,1,0.25)", "dim=range(1,6,2)", "fusion=id,sum")
    assert grid(free) == {"lr": [0.25, 0.5, 0.75], "dim": [1, 3, 5], "fusion": ["id", "sum"]}  # type: ignore[arg-type]
    with pytest.raises(UserError, match="lr"):
        grid(read("lr=interval(0.1,1.0)")[1])  # type: ignore[arg-type]


def test_values_of_finished_runs() -> None:
    _, free = read("lr=interval(0.1,0.5)", "dim=32,64", "layers=range(1,6,2)")
    assert to_trial_value(0.2, free["lr"]) == 0.2  # type: ignore[arg-type]
    assert to_trial_value(0.6, free["lr"]) is None  # type: ignore[arg-type]
    assert to_trial_value(64, free["dim"]) == "64"  # type: ignore[arg-type]
    assert to_trial_value(48, free["dim"]) is None  # type: ignore[arg-type]
    assert to_trial_value(2, free["layers"]) is None  # type: ignore[arg-type]
    assert to_trial_value("x", free["lr"]) is None  # type: ignore[arg-type]

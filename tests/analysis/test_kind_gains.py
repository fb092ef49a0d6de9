"""Which kind of features helps whom: pairs found by their recipes, differences those of a claim's two sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ltgnn.analysis import significance as stats
from ltgnn.analysis.kind_gains import CONTROL, KindGain, kind_gains
from ltgnn.analysis.run_groups import load_group
from ltgnn.runs.reading import read_all
from ltgnn.runs.run import Run
from ltgnn.types import UserError
from tests.analysis.kinds_case import write
from tests.analysis.made import METRIC


def runs_of(folder: Path) -> list[Run]:
    return read_all([folder])[0]


def test_every_kind_meets_its_partners(kinds_sweep: Path) -> None:
    found = kind_gains(runs_of(kinds_sweep), METRIC, draws=200)
    pairs = {(gain.kind, gain.against, gain.seeds) for gain in found.gains}
    assert pairs == {
        ("tfidf", "added to no features", (3, 3)),
        ("tfidf", "added to images", (3, 3)),
        ("tfidf", CONTROL, (3, 3)),
        ("images", "added to no features", (3, 3)),
        ("images", "added to tfidf", (3, 3)),
        ("images", "added to tfidf (shuffled)", (3, 3)),
        ("images", CONTROL, (3, 3)),
    }
    assert sum(gain.against == CONTROL for gain in found.gains) == 3, "tfidf alone, each beside the other"


def one(found: list[KindGain], kind: str, against: str) -> KindGain:
    (gain,) = (gain for gain in found if (gain.kind, gain.against) == (kind, against))
    return gain


def test_differences_by_hand(kinds_sweep: Path) -> None:
    found = kind_gains(runs_of(kinds_sweep), METRIC, draws=300, seed=5)
    gain = one(found.gains, "images", "added to tfidf")
    assert [group.group for group in gain.groups] == ["all", "head", "tail", "activity/active", "activity/casual"]
    before, after = (
        np.mean([pl.read_parquet(file / "per_user.parquet").drop("user").to_numpy() for file in folders], 0)
        for folders in ([kinds_sweep / f"{kinds}-{n}" for n in (1, 2, 3)] for kinds in ("tfidf", "tfidf+images"))
    )
    names = pl.read_parquet(kinds_sweep / "tfidf-1/per_user.parquet").drop("user").columns
    for group in gain.groups:
        name = {"all": METRIC}.get(group.group, f"{'' if '/' in group.group else 'items20/'}{group.group}/{METRIC}")
        d = (after - before)[:, names.index(name)]
        assert group.estimate == pytest.approx(np.nanmean(d))
        assert group.users == int((~np.isnan(d)).sum())
        assert group.lower < group.estimate < group.upper
    assert {group.group: round(group.estimate, 2) for group in gain.groups} == pytest.approx(
        {"all": 0.0, "head": 0.0, "tail": 0.01, "activity/active": 0.0, "activity/casual": 0.0}, abs=0.011
    )


def test_intervals_are_those_of_two_sides(kinds_sweep: Path) -> None:
    """Bootstrap over users and t over seeds, put together, as in ``ltgnn claim``."""
    found = kind_gains(runs_of(kinds_sweep), METRIC, draws=300, seed=5)
    gain = one(found.gains, "tfidf", "added to no features")
    base, new = (load_group([str(kinds_sweep / f"{kinds}-{n}") for n in (1, 2, 3)]) for kinds in ("none", "tfidf"))
    names = [METRIC, *(f"items20/{group}/{METRIC}" for group in ("head", "tail"))]
    names += [f"activity/{group}/{METRIC}" for group in ("active", "casual")]
    columns = np.stack([new.per_user(name) - base.per_user(name) for name in names], 1)
    bootstrap = stats.Bootstrap.of(columns, 300, 5)
    for number, (name, group) in enumerate(zip(names, gain.groups, strict=True)):
        seeds = stats.over_seeds(base.values(name), new.values(name), 0.95)
        wanted = stats.combine(bootstrap.interval(number, 0.95), seeds)
        assert (group.lower, group.upper) == pytest.approx((wanted.lower, wanted.upper))
    tail = next(group for group in gain.groups if group.group == "tail")
    assert tail.lower > 0


def test_other_differences_make_no_pair(tmp_path: Path) -> None:
    write(tmp_path / "a", "tfidf", 1)
    write(tmp_path / "b", "tfidf+images", 1, dim=16)
    with pytest.raises(UserError, match="no two of these runs differ in one kind"):
        kind_gains(runs_of(tmp_path), METRIC)
    with pytest.raises(UserError, match=r"no run has the value 'ndgc@20'"):
        kind_gains(runs_of(tmp_path), "ndgc@20")
    with pytest.raises(UserError, match="level=95"):
        kind_gains(runs_of(tmp_path), METRIC, level=95)

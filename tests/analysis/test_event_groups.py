"""Values by scene: means and gaps by hand, intervals that cover what they should, the sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ltgnn.analysis.event_groups import (
    GroupValue,
    changes_by_group,
    event_policies,
    groups_with_values,
    is_equal_sentence,
    values_by_group,
)
from ltgnn.analysis.run_groups import RunGroup, load_group
from ltgnn.analysis.significance import Interval
from ltgnn.types import UserError
from tests.analysis.made import METRIC, USERS, write_run

SCENES = {"web": 0.0, "store": -0.05, "app": 0.01}
CARD = {"scene": {"rule": "held-out pairs by channel of the event", "sizes": {"web": 9, "store": 8, "app": 7, "tv": 0}}}


def with_scenes(folder: Path, seed: int, tail: float = 0.1, shift: float = 0.0, **changes: object) -> Path:
    """A finished run whose users have values in some of three scenes; nothing was held out in a fourth."""
    run = write_run(folder, seed, tail, 0.5, **changes)
    frame = pl.read_parquet(run / "per_user.parquet")
    which = np.random.default_rng(1).random((USERS, len(SCENES))) < 0.6
    noise = np.random.default_rng([seed, 2]).normal(scale=0.02, size=(USERS, len(SCENES)))
    columns = {
        f"scene/{name}/{METRIC}": np.where(which[:, n], 0.3 + gap + shift + noise[:, n], np.nan)
        for n, (name, gap) in enumerate(SCENES.items())
    }
    frame.with_columns(**columns).write_parquet(run / "per_user.parquet")
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["test"] |= {name: float(np.nanmean(column)) for name, column in columns.items()} | {"scene/tv/users": 0.0}
    (run / "metrics.json").write_text(json.dumps(metrics | {"event_groups": CARD}))
    return run


def side(top: Path, seeds: int = 5, **changes: object) -> RunGroup:
    for seed in range(seeds):
        with_scenes(top / f"run{seed}", seed, **changes)
    return load_group(str(top))


def by_hand(group: RunGroup, name: str) -> tuple[float, float]:
    """Mean in a scene, and that minus the mean over users of what each has in the others; seeds averaged first."""
    own = {n: group.per_user(f"scene/{n}/{METRIC}") for n in SCENES}
    inside = [x for x in own[name] if x == x]
    others = []
    for user in range(USERS):
        rest = [own[n][user] for n in SCENES if n != name and own[n][user] == own[n][user]]
        if rest:
            others.append(sum(rest) / len(rest))
    mean = sum(inside) / len(inside)
    return mean, mean - sum(others) / len(others)


def test_values_and_gaps_are_those_by_hand(tmp_path: Path) -> None:
    group = side(tmp_path)
    found = values_by_group(group, "scene", METRIC, 0.95, 500, seed=0)
    assert [one.group for one in found] == list(SCENES), "tv has no held-out pair"
    for one in found:
        mean, gap = by_hand(group, one.group)
        assert one.gap is not None
        assert (one.value.estimate, one.gap.estimate) == (pytest.approx(mean), pytest.approx(gap))
        assert one.value.lower < 0.3 + SCENES[one.group] < one.value.upper
        assert one.gap.lower < one.gap.estimate < one.gap.upper
        assert one.users == int((~np.isnan(group.per_user(f"scene/{one.group}/{METRIC}"))).sum())
    store = found[1].gap
    assert store is not None
    assert store.upper < 0
    assert is_equal_sentence(found, 0.95).startswith("No: it is lower in store (-0.05")


def test_one_run_has_intervals_over_its_users(tmp_path: Path) -> None:
    found = values_by_group(side(tmp_path, seeds=1), "scene", METRIC, 0.95, 500, seed=0)
    column = pl.read_parquet(tmp_path / "run0/per_user.parquet")[f"scene/web/{METRIC}"].drop_nans().to_numpy()
    half = 1.96 * column.std() / np.sqrt(len(column))
    assert found[0].value.upper - found[0].value.lower == pytest.approx(2 * half, rel=0.2)


def test_changes_are_paired_by_user(tmp_path: Path) -> None:
    base, new = side(tmp_path / "a"), side(tmp_path / "b", shift=0.02, fusion="sum")
    found = changes_by_group(base, new, "scene", METRIC, 0.95, 500, seed=0)
    for one in found:
        name = f"scene/{one.group}/{METRIC}"
        assert one.interval.estimate == pytest.approx(float(np.nanmean(new.per_user(name) - base.per_user(name))))
        assert one.interval.estimate == pytest.approx(0.02, abs=1e-6), "the noise of both is the same"
        assert one.new - one.base == pytest.approx(0.02, abs=1e-6)


def test_policies_are_those_that_all_runs_have(tmp_path: Path) -> None:
    group = side(tmp_path / "a", seeds=2)
    assert event_policies(group.runs) == ["scene"]
    assert groups_with_values(group, "scene", METRIC) == list(SCENES)
    without = load_group(str(write_run(tmp_path / "b", 9, 0.1, 0.5)))
    assert event_policies([*group.runs, *without.runs]) == []
    assert event_policies([]) == []
    with pytest.raises(
        UserError, match=r"--by scene: .* has no values by such groups of held-out pairs; there are: none"
    ):
        values_by_group(without, "scene", METRIC, 0.95, 50, seed=0)
    with pytest.raises(UserError, match="no group of scene has a value mrr@3"):
        values_by_group(group, "scene", "mrr@3", 0.95, 50, seed=0)


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ({"web": None}, "Only web is in the test part, so nothing can be compared."),
        ({"web": (-1, 1), "store": (-2, 2)}, "No difference is shown: web (+0.0000, -1.0000 to +1.0000), store"),
        ({"web": (-3, -1), "app": (1, 2)}, "No: it is lower in web (-2.0000, -3.0000 to -1.0000); higher in app"),
        ({"web": (1, 3), "app": (-1, 1)}, "No: it is higher in web (+2.0000, +1.0000 to +3.0000) than in the others"),
    ],
)
def test_the_sentence(gaps: dict[str, tuple[float, float] | None], said: str) -> None:
    value = Interval(0.5, 0.4, 0.6)
    found = [
        GroupValue(name, 9, value, None if gap is None else Interval(sum(gap) / 2, *gap)) for name, gap in gaps.items()
    ]
    assert is_equal_sentence(found, 0.95).startswith(said)

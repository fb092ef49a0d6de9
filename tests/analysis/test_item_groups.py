"""Item groups of the values of runs: the policy, its rule, and whether a group can be scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.analysis import item_groups
from ltgnn.runs.run import Run
from tests.analysis.table_case import made, printed

COLD = {"items20/cold/ndcg@20": 0.0, "not_scorable": 2.0, "items20/cold/not_scorable": 2.0}


@pytest.mark.parametrize(
    ("test", "scorable", "said"),
    [
        (COLD, 0, True),  # a run of before `scorable` was recorded
        (COLD, 33, False),
        (COLD | {"items20/cold/scorable": 0.0}, 0, True),
        (COLD | {"items20/cold/scorable": 33.0}, 33, False),
        ({"items20/cold/ndcg@20": 0.0}, 35, False),
        (COLD | {"items20/cold/ndcg@20": 0.1}, 0, False),
    ],
)
def test_a_0_is_a_0_unless_nothing_of_the_group_is_scorable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], test: dict[str, float], scorable: int, said: bool
) -> None:
    cold = {"items": 35, "scorable": scorable, "pairs": {"val": 1, "test": 2}}
    folder = made(tmp_path / "run", test=test, metrics={"cold_items": cold})
    assert ("not scorable" in printed(capsys, tmp_path).partition("Items")[2].partition("cold items")[0]) is said
    run = Run(folder, {}, json.loads((folder / "metrics.json").read_text()))
    assert item_groups.not_scorable(run, "items20/cold/ndcg@20") is said
    assert not item_groups.not_scorable(run, "items20/tail/ndcg@20")

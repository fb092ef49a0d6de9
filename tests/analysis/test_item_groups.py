"""Item groups of the values of runs: the policy, its rule, and whether a group can be scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.analysis import item_groups
from ltgnn.runs.run import Run
from ltgnn.types import UserError
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


def test_a_table_can_be_of_groups_of_held_out_pairs_or_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = {"rule": "held-out pairs by channel of the event", "sizes": {"web": 9, "store": 8}}
    users = {"rule": "users by channel", "sizes": {"app": 3}}
    test = {"scene/web/ndcg@20": 0.31, "scene/store/ndcg@20": 0.27, "main/app/ndcg@20": 0.22}
    more = {"event_groups": {"scene": card}, "user_groups": {"main": users}}
    folder = made(tmp_path / "run", test=test, metrics=more)
    said = printed(capsys, tmp_path, "--policy", "scene")
    assert "Groups scene, held-out pairs by channel of the event. Held-out pairs: web 9, store 8." in said
    assert ".3100" in said
    assert ".2700" in said
    said = printed(capsys, tmp_path, "--policy", "main", "--group", "app")
    assert "Users: app 3." in said
    assert ".2200" in said
    assert "Items: head 20" in printed(capsys, tmp_path)
    run = Run(folder, {}, json.loads((folder / "metrics.json").read_text()))
    assert item_groups.policies([run]) == ["items20", "mass"]
    assert item_groups.of_items([run], "scene") == "items20"
    with pytest.raises(UserError, match=r"--policy scene: no run has values by such groups; there are: items20, mass"):
        item_groups.policy_of([run], "scene")
    with pytest.raises(UserError, match="there are: items20, mass, scene, main"):
        item_groups.policy_of([run], "device", any_kind=True)

"""Which runs belong together: repetitions with other seeds on one side, and the same splits on two sides."""

from pathlib import Path

import pytest

from ltgnn.analysis.pairing import differing
from tests.analysis.ensembles_as_seeds_case import blend


def test_fitted_weights_and_the_members_places_make_no_other_configuration(tmp_path: Path) -> None:
    assert differing([blend(tmp_path, 1, 0.3), blend(tmp_path, 2, 0.4)]) == []


def test_a_member_of_another_recipe_does(tmp_path: Path) -> None:
    assert differing([blend(tmp_path, 1, 0.3), blend(tmp_path, 2, 0.3, lr=0.2)]) == ["gnn.lr"]


@pytest.mark.parametrize("key", ["blend.weights.gnn", "model.closed_form.blend.weights.gnn"])
def test_weights_given_by_hand_do(tmp_path: Path, key: str) -> None:
    assert key in differing([blend(tmp_path, 1, 0.3, fitting=None), blend(tmp_path, 2, 0.4, fitting=None)])


def test_members_that_are_gone_are_told_apart_by_their_keys(tmp_path: Path) -> None:
    runs = [blend(tmp_path, 1, 0.3), blend(tmp_path, 2, 0.3)]
    (tmp_path / "member2").rename(tmp_path / "moved")
    assert "model.closed_form.runs.gnn.key" in differing(runs)

"""The question of a report, answered in one sentence by the rule of ``ltgnn claim``."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.report import main
from ltgnn.types import UserError


def test_the_answer_names_its_groups_runs_and_spread(sweeps: list[Path], tmp_path: Path) -> None:
    assert main([*map(str, sweeps), "--out", "r.html"]) == 0
    page = (tmp_path / "r.html").read_text()
    answer = page.partition('<p class="answer">')[2].partition("</p>")[0]
    assert (
        "from fusion=id (best without features by validation, 1 run) to fusion=sum (best with features, 2 runs)"
        in answer
    )
    assert "groups items20, by share of items" in answer
    assert " ± " in answer
    assert "0, 1: the validation part is small" in page
    with pytest.raises(UserError, match="--policy mass"):
        main([*map(str, sweeps), "--policy", "mass", "--out", "m.html"])

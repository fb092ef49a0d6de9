"""``ltgnn runs``: the ways to and from W&B."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ltgnn.commands.runs import main
from ltgnn.types import UserError


def test_the_yaml_of_agents(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep-yaml", "fusion=id,sum", "seed=1,2", "--project", "mine"]) == 0
    made = yaml.safe_load(capsys.readouterr().out)
    assert (made["project"], made["method"]) == ("mine", "grid")


def test_a_value_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--value ndcg@20: wanted NAME=KEY, such as ndcg@20=final_ndcg"):
        main(["import", str(tmp_path), "--value", "ndcg@20"])

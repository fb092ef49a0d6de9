"""One side of a comparison: the finished runs of one configuration, one per seed, with the values of each user."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.analysis.run_groups import RunGroup, load_group, parse
from ltgnn.commands.claim import main
from ltgnn.runs.run import Run
from ltgnn.types import UserError
from tests.analysis.made import side


def test_runs_are_chosen_from_a_sweep(tmp_path: Path) -> None:
    for fusion in ("id", "sum"):
        side(tmp_path / "sweep" / fusion, 5, tail=0.1 if fusion == "id" else 0.14, head=0.5, fusion=fusion)
    assert [run.config["seed"] for run in load_group(f"{tmp_path}/sweep:fusion=sum").runs] == [0, 1, 2, 3, 4]
    assert load_group(f"{tmp_path}/sweep:fusion=id,seed=3").runs[0].folder.name == "run3"
    assert len(load_group(f"{tmp_path}/sw*/sum").runs) == 5
    with pytest.raises(UserError, match="differ in more than the seed: fusion"):
        load_group(f"{tmp_path}/sweep")
    with pytest.raises(UserError, match=r"none of the 10 runs below .* has fusion=gate"):
        load_group(f"{tmp_path}/sweep:fusion=gate")
    assert main([f"{tmp_path}/sweep:fusion=id", f"{tmp_path}/sweep:fusion=sum", "--draws", "200"]) == 0
    assert main([f"{tmp_path}/sweep:fusion=sum", f"{tmp_path}/sweep:fusion=id", "--draws", "200"]) == 2
    with pytest.raises(UserError, match=r"run0 is on both sides, with 4 more: nothing can be claimed"):
        main([f"{tmp_path}/sweep:fusion=id", f"{tmp_path}/sweep:fusion=id", "--draws", "200"])


def test_specs() -> None:
    assert parse("logs/x:model=mf, dim=64") == ("logs/x", {"model": "mf", "dim": "64"})
    assert parse("C:/logs/x") == ("C:/logs/x", {})


def test_a_closed_form_with_a_seed_needs_several_runs() -> None:
    for node, alone in (({"l2": 1.0}, True), ({"seed": 1}, False)):
        run = Run(Path("run"), {"model": {"closed_form": node}}, {"selection": {"by": "none: closed form"}})
        assert RunGroup([run]).deterministic is alone

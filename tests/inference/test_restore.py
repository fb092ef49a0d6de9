"""Item vectors of a trained GNN as features of a sequence model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate

from ltgnn.build import build_problem
from ltgnn.inference.restore import load_module
from ltgnn.runs.folder import RunFolder
from tests.conftest import run_folders

Launch = Callable[..., int]


def test_sequence_model_over_a_trained_gnn(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch("fusion=sum", "paths.log_dir=gnn") == 0
    (gnn,) = run_folders(tmp_path / "gnn")
    over = ["model=gru4rec", "fusion=content", "projector=none", "features=run", f"features.run={gnn}"]
    assert launch(*over, "paths.log_dir=sequence") == 0
    (sequence,) = run_folders(tmp_path / "sequence")

    cfg = RunFolder(gnn).config()
    trained = load_module(cfg, build_problem(cfg), RunFolder(gnn), torch.device("cpu"))
    cfg = RunFolder(sequence).config()
    problem = build_problem(cfg)
    assert problem.features is not None
    torch.testing.assert_close(problem.features.values, trained.encode_all().items)
    items = load_module(cfg, problem, RunFolder(sequence), torch.device("cpu")).encode_all().items
    torch.testing.assert_close(items, problem.features.values)  # projector=none: the vectors themselves
    assert RunFolder(sequence).read_json("features_card.json")["run"] == str(gnn)

    assert launch(*over, "split.seed=5") == 1
    assert "may know held-out pairs" in capsys.readouterr().err
    assert launch(*over[:-1], "features.run=/nowhere") == 1
    assert "is not a run folder" in capsys.readouterr().err
    assert launch("model=popularity", "paths.log_dir=popular") == 0
    (popular,) = run_folders(tmp_path / "popular")
    assert launch(*over[:-1], f"features.run={popular}") == 1
    assert "closed form" in capsys.readouterr().err


def test_vectors_come_with_transform_and_control(launch: Launch, tmp_path: Path) -> None:
    assert launch("paths.log_dir=gnn") == 0
    (gnn,) = run_folders(tmp_path / "gnn")
    from omegaconf import OmegaConf

    steps = {
        "control": {"_target_": "ltgnn.features.transform.Keep"},
        "transform": {"_target_": "ltgnn.features.transform.UnitLength"},
    }
    side = instantiate(OmegaConf.create({"_target_": "ltgnn.inference.restore.RunVectors", "run": str(gnn), **steps}))
    problem = build_problem(RunFolder(gnn).config())
    values = side(problem.dataset, problem.split.train.item_counts).values
    torch.testing.assert_close(values.norm(dim=1), torch.ones(len(values)))

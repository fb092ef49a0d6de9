"""The popularity curve: which share of the train interactions, and of the recommendations, goes to popular items."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ltgnn.analysis.run_groups import load_group as side
from ltgnn.build import build_problem
from ltgnn.inference.restore import load_module
from ltgnn.runs.checksums import FILE
from ltgnn.runs.exposure import places
from ltgnn.runs.folder import RunFolder
from ltgnn.types import Damaged
from tests.conftest import run_folders

Launch = Callable[..., int]


def test_a_run_writes_them_and_its_readers_look(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("fusion=sum", "epochs=2") == 0
    (folder,) = run_folders(tmp_path / "logs")
    kept = json.loads((folder / FILE).read_text())
    files = ["items.parquet", "per_user.parquet", "topk.parquet", "val_per_user.parquet", "val_topk.parquet"]
    checkpoints = ["checkpoints/best.ckpt", "checkpoints/last.ckpt"]
    assert sorted(kept) == sorted([*checkpoints, "config.yaml", "metrics.json", *files])
    run = RunFolder(folder)
    cfg = run.config()
    problem = build_problem(cfg)
    load_module(cfg, problem, run, torch.device("cpu"))
    side(str(folder)).values("ndcg@20")
    assert places(folder, 10) is not None
    assert "is damaged" not in capsys.readouterr().out

    best = folder / "checkpoints/best.ckpt"
    whole, state = best.read_bytes(), torch.load(best, weights_only=True)
    state["state_dict"]["encoder.embedding.users"][0, 0] += 1
    torch.save(state, best)
    load_module(cfg, problem, run, torch.device("cpu"))
    assert "checkpoints/best.ckpt is damaged, or changed" in capsys.readouterr().out

    for damage in (whole[: len(whole) // 2], b"", b"rubbish" * 99):
        best.write_bytes(damage)
        with pytest.raises(Damaged, match=r"checkpoints/best\.ckpt cannot be read as a checkpoint"):
            load_module(cfg, problem, run, torch.device("cpu"))

"""Checksums of a run: written at its end, compared when a large file is read; a change is a warning that names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ltgnn.build import build_setting
from ltgnn.runs.checksums import FILE, warn_if_changed, write_checksums
from ltgnn.runs.exposure import places
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.sides import load as side
from ltgnn.trained import load
from ltgnn.types import Damaged
from tests.conftest import run_folders

Launch = Callable[..., int]


def test_a_change_is_said_once_and_names_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "topk.parquet").write_bytes(b"lists")
    assert not warn_if_changed(tmp_path, "topk.parquet")  # a run of before has no checksums
    write_checksums(tmp_path)
    assert not warn_if_changed(tmp_path, "topk.parquet")
    assert not warn_if_changed(tmp_path, "per_user.parquet")
    (tmp_path / "topk.parquet").write_bytes(b"lysts")
    assert [warn_if_changed(tmp_path, "topk.parquet") for _ in range(3)] == [True] * 3
    (said,) = caplog.messages
    assert f"{tmp_path}: topk.parquet is damaged" in said


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"topk.parquet": 3', "[" * 100_000])
def test_a_damaged_record_judges_nothing_or_warns(tmp_path: Path, content: str) -> None:
    (tmp_path / "topk.parquet").write_bytes(b"lists")
    (tmp_path / FILE).write_text(content)
    assert not warn_if_changed(tmp_path, "topk.parquet")


def test_a_run_writes_them_and_its_readers_look(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("fusion=sum", "epochs=2") == 0
    (folder,) = run_folders(tmp_path / "logs")
    kept = json.loads((folder / FILE).read_text())
    files = ["items.parquet", "per_user.parquet", "topk.parquet", "val_per_user.parquet", "val_topk.parquet"]
    assert sorted(kept) == ["checkpoints/best.ckpt", "checkpoints/last.ckpt", *files]
    run = RunFolder(folder)
    cfg = run.config()
    setting = build_setting(cfg)
    load(cfg, setting, run, torch.device("cpu"))
    side(str(folder)).values("ndcg@20")
    assert places(folder, 10) is not None
    assert "is damaged" not in capsys.readouterr().out

    best = folder / "checkpoints/best.ckpt"
    whole, state = best.read_bytes(), torch.load(best, weights_only=True)
    state["state_dict"]["encoder.embedding.users"][0, 0] += 1
    torch.save(state, best)
    load(cfg, setting, run, torch.device("cpu"))
    assert "checkpoints/best.ckpt is damaged, or was changed" in capsys.readouterr().out

    for damage in (whole[: len(whole) // 2], b"", b"rubbish" * 99):
        best.write_bytes(damage)
        with pytest.raises(Damaged, match=r"checkpoints/best\.ckpt cannot be read as a checkpoint"):
            load(cfg, setting, run, torch.device("cpu"))

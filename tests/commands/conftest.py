"""What tests of commands share."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ltgnn.commands.data import main
from tests.commands.data_case import ITEMS, MAPPING


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two runs, a sweep, a file, and a yaml tree of the user."""
    for name in ("logs/train/runs/2026_a", "logs/train/runs/2026_b", "logs/train/multiruns/S/001_x"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "status.json").write_text("{}")
    (tmp_path / "logs/train/multiruns/S/.sweep").mkdir()
    (tmp_path / "events.csv").write_text("user,item\n")
    (tmp_path / "conf/loss").mkdir(parents=True)
    (tmp_path / "conf/loss/mine.yaml").write_text("# mine\nranking: {_target_: lab.Mine, strength: 2}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LTGNN_LOGS", raising=False)
    return tmp_path


@pytest.fixture
def files(tmp_path, monkeypatch):
    """12 users with 8 timed clicks each on 10 goods."""
    monkeypatch.chdir(tmp_path)
    rows = [(f"u{u:02}", f"sku{(u * 3 + n) % 10}", 100 * n + u, 1 + (u + n) % 5) for u in range(12) for n in range(8)]
    pl.DataFrame(rows, schema=["uid", "sku", "ts", "stars"], orient="row").write_csv("clicks.csv")
    goods = pl.DataFrame({"sku": [f"sku{n}" for n in range(10)], "name": [f"good {n}" for n in range(10)]})
    goods.write_csv("goods.csv", separator=";")
    return tmp_path


@pytest.fixture
def imported(files, capsys):
    assert main(["import", "clicks.csv", *MAPPING, *ITEMS, "--out", "shop"]) == 0
    return capsys.readouterr().out

"""What tests of report share."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ltgnn.commands.report import main
from tests.analysis.made import write_run
from tests.analysis.report.report_case import BAD
from tests.behaviour.test_damaged_runs import complete
from tests.conftest import run_folders


@pytest.fixture(scope="module")
def sweep(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two closed forms, two fusions with two seeds each, one failed job; one title is full of markup."""
    root = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("LTGNN_CACHE", str(root / "cache"))
        from ltgnn.commands.train import main as train
        from tests.conftest import CONF

        toy = [
            "--config-dir",
            str(CONF),
            "data=toy",
            f"data.files.path={shop}",
            "features=words",
            "epochs=4",
            "logger=none",
        ]
        small = ["epochs=4", "dim=8", "num_layers=2", "batch_size=256", "eval_every=2", "min_epochs=1", "lr=0.05", "-m"]
        assert train([*toy, *small, "model=popularity,ease"]) == 0
        assert train([*toy, *small, "model=lightgcn", "fusion=id,sum", "seed=1,2"]) == 0
        assert train([*toy, *small, "loss=bpr_tail", "loss.ranking.weights.policy=none"]) == 1
    for folder in run_folders(root):
        if (folder / "items.parquet").is_file():
            items = pl.read_parquet(folder / "items.parquet")
            items.with_columns(pl.lit(BAD).alias("title")).write_parquet(folder / "items.parquet")
    return root / "logs"


@pytest.fixture(scope="module")
def page(sweep: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "r.html"
    assert main([str(sweep), "--out", str(file)]) == 0
    return file


@pytest.fixture
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two sweeps, the second with two seeds of a model that reads text."""
    monkeypatch.chdir(tmp_path)
    complete(write_run(tmp_path / "one/a", 1, 0.1, 0.5))
    for seed in (1, 2):  # the folder's name "b" makes it read text
        complete(write_run(tmp_path / f"two/{seed}/b", seed, 0.12, 0.5, fusion="sum"))
    return [tmp_path / "one", tmp_path / "two"]

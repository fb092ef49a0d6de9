"""One run that W&B has tracked with every option on, shared by the tests that read its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import CONF


@pytest.fixture(scope="session")
def tracked_run(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Path:
    """Its run folder."""
    from ltgnn.commands.train import main

    folder = tmp_path_factory.mktemp("tracked")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=words", "fusion=sum"]
        small = ["epochs=6", "min_epochs=1", "dim=8", "num_layers=2", "batch_size=256", "eval_every=2", "lr=0.05"]
        logger = ["logger=wandb", "logger.artifacts=true", "logger.code=true", "schedule=linear"]
        assert main([*toy, *small, *logger, f"hydra.run.dir={folder}/run"]) == 0
    return folder / "run"

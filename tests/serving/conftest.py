"""Finished runs of the toy shop, one for each form of a score."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import CONF

RUNS = {
    "gnn": ["fusion=sum", "model=lightgcn"],
    "ease": ["model=ease"],
    "hybrid": ["model=gfcf_text", "score=popularity"],
    "popular": ["model=popularity"],
    "profile": ["model=mf", "score=profile"],
    "content": ["model=mf", "score=content"],
}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> dict[str, Path]:
    """Folders of the runs above, by name."""
    from ltgnn.commands.train import main as train

    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=words", "logger=none"]
        small = ["epochs=4", "min_epochs=1", "dim=8", "num_layers=2", "batch_size=256", "eval_every=2", "lr=0.05"]
        for name, words in RUNS.items():
            assert train([*toy, *small, *words, f"hydra.run.dir={folder}/logs/{name}"]) == 0
    return {name: folder / "logs" / name for name in RUNS}

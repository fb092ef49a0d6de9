"""ltgnn: long-tail recommendation with graph neural networks and language-model item text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltgnn.inference.served_model import Served

__version__ = "0.1.0"


def load(folder: str | Path) -> Served:
    """A finished model, ready to answer: ``ltgnn.load(DIR).recommend(["u1"], k=10)``.

    ``folder``: what ``ltgnn export`` wrote (needs neither Lightning nor Hydra), or a run folder. Raises
    ``ltgnn.types.UserError`` if it is neither.
    """
    if (Path(folder) / "status.json").is_file():
        from ltgnn.inference.finished_run import open_run

        return open_run(folder)
    from ltgnn.serving.export import load_exported

    return load_exported(folder)

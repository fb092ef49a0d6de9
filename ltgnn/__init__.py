"""ltgnn: long-tail recommendation with graph neural networks and language-model item text.

The names below are all of the public Python API; they are imported when they are first asked for.

- data: ``Dataset.from_frames``, ``load_dataset``
- training: ``train``, ``sweep``
- results: ``open``, ``Run``, ``Runs``, ``evaluate`` (lists of other libraries)
- answers: ``load`` (an export or a run), ``ServedModel``
- ``UserError``: what is raised for an input that the caller can mend
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltgnn.experiment.dataset import Dataset as Dataset
    from ltgnn.experiment.dataset import load_dataset as load_dataset
    from ltgnn.experiment.evaluation import evaluate as evaluate
    from ltgnn.experiment.run import Run as Run
    from ltgnn.experiment.runs import Runs as Runs
    from ltgnn.experiment.runs import open as open
    from ltgnn.experiment.training import sweep as sweep
    from ltgnn.experiment.training import train as train
    from ltgnn.inference.served_model import ServedModel as ServedModel
    from ltgnn.serving.loading import load as load
    from ltgnn.types import UserError as UserError

__version__ = "0.1.0"

HOMES = {
    "Dataset": "ltgnn.experiment.dataset",
    "Run": "ltgnn.experiment.run",
    "Runs": "ltgnn.experiment.runs",
    "ServedModel": "ltgnn.inference.served_model",
    "UserError": "ltgnn.types",
    "evaluate": "ltgnn.experiment.evaluation",
    "load": "ltgnn.serving.loading",
    "load_dataset": "ltgnn.experiment.dataset",
    "open": "ltgnn.experiment.runs",
    "sweep": "ltgnn.experiment.training",
    "train": "ltgnn.experiment.training",
}
"""Public name -> its module."""

__all__ = sorted(HOMES)


def __getattr__(name: str) -> object:
    """A public name, imported now (PEP 562)."""
    if name not in HOMES:
        raise AttributeError(f"module 'ltgnn' has no attribute {name!r}; it has {', '.join(HOMES)}")
    from importlib import import_module

    found: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})

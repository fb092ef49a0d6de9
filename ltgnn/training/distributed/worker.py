"""``python -m ltgnn.training.distributed.worker FOLDER``: one more process of a run; ``processes.py`` starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from omegaconf import DictConfig

from ltgnn.build import build_evaluators, build_problem
from ltgnn.config import resolvers
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.tracking import NoTracker
from ltgnn.sweeps.launchers.process_pool import end_with
from ltgnn.training.fitting import fit_module

OF_THE_RUN = ("history", "progress")
"""Callbacks of process 0 only: they write or show, without communication."""


def main(folder: str) -> None:
    """Train along until process 0 ends it."""
    end_with(os.getppid())
    resolvers.register()
    cfg = DictConfig(RunFolder(Path(folder)).recipe())  # of the training that started this, so it is the user's own
    for name in OF_THE_RUN:
        cfg.callbacks.pop(name, None)
    problem = build_problem(cfg)
    fit_module(cfg, problem, build_evaluators(cfg, problem), NoTracker())


if __name__ == "__main__":
    main(sys.argv[1])

"""``run.log`` of a job that Python runs, where Hydra leaves the program's logging alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from ltgnn.runs.existing_run import LOG

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def run_log() -> Iterator[None]:
    """What is logged inside is in ``run.log`` of the job's folder as well."""
    file = logging.FileHandler(Path(HydraConfig.get().runtime.output_dir) / LOG, encoding="utf-8")
    file.setFormatter(logging.Formatter(LINE))
    root, logger = logging.getLogger(), logging.getLogger("ltgnn")
    level = logger.level
    root.addHandler(file)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        root.removeHandler(file)
        file.close()

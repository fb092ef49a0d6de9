"""What is logged inside a job is in its run.log."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from ltgnn.experiment import run_log as module
from ltgnn.experiment.run_log import run_log
from ltgnn.runs.existing_run import LOG


def test_inside_and_not_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = SimpleNamespace(runtime=SimpleNamespace(output_dir=str(tmp_path)))
    monkeypatch.setattr(module.HydraConfig, "get", staticmethod(lambda: job))
    logger = logging.getLogger("ltgnn.some")
    before = logging.getLogger("ltgnn").level
    with run_log():
        logger.info("inside")
    logger.warning("after")
    text = (tmp_path / LOG).read_text(encoding="utf-8")
    assert "INFO ltgnn.some: inside" in text
    assert "after" not in text
    assert logging.getLogger("ltgnn").level == before

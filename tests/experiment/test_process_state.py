"""What a call leaves in the process: nothing, whatever was there before and however it ends."""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

import ltgnn
from ltgnn.config.composing import compose_config
from ltgnn.experiment.process_state import hydra_put_back
from tests.experiment.conftest import SMALL


def state() -> dict[str, Any]:
    """What ltgnn, Hydra or Lightning could change."""
    root, own = logging.getLogger(), logging.getLogger("ltgnn")
    return {
        "hydra": GlobalHydra.instance().hydra,
        "job": HydraConfig.instance().cfg,
        "arguments": list(sys.argv),
        "variables": dict(os.environ),
        "folder": Path.cwd(),
        "handlers": (list(root.handlers), list(own.handlers)),
        "levels": (root.level, own.level),
        "interrupt": signal.getsignal(signal.SIGINT),
        "terminate": signal.getsignal(signal.SIGTERM),
        "python": random.getstate(),
        "numpy": [str(part) for part in np.random.get_state()],  # noqa: NPY002  # the state that libraries share
        "torch": torch.random.get_rng_state().tolist(),
        "kernels": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "excepthook": sys.excepthook,
    }


@pytest.mark.parametrize("interrupted", [False, True])
def test_training_leaves_the_process_as_it_was(
    shop: ltgnn.Dataset, monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    """Inside of a job of the user's own Hydra application, twice in a row, and when the user stops it."""
    Path("mine.yaml").write_text("a: 1\n", encoding="utf-8")
    if interrupted:
        monkeypatch.setattr("ltgnn.training.loop.train", stop)
    with initialize_config_dir(str(Path.cwd()), version_base="1.2"):
        job = compose("mine", return_hydra_config=True)
        HydraConfig.instance().set_config(job)
        before = state()
        for _ in range(2):
            if interrupted:
                with pytest.raises(KeyboardInterrupt):
                    ltgnn.train(shop, features="none", progress=False, **SMALL)
            else:
                run = ltgnn.train(shop, features="none", progress=False, **SMALL)
                assert run.state == "finished"
                assert run.folder.parent == Path("logs/train/runs").resolve()
            after = state()
            assert [key for key in before if before[key] != after[key]] == []
        assert compose("mine").a == 1
    HydraConfig.instance().cfg = None


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_values_of_another_job_are_not_seen(shop: ltgnn.Dataset) -> None:
    """A command in the same process leaves its job behind; paths of ours are not those of that job."""
    HydraConfig.instance().cfg = OmegaConf.create({"hydra": {"runtime": {"output_dir": None}}})
    try:
        with hydra_put_back():
            assert compose_config("train", [], only=("paths",)).paths.data_dir
        lists = {"user_id": ["u1"], "item_id": ["i3"]}
        assert ltgnn.evaluate(lists, shop, progress=False).state == "finished"
    finally:
        HydraConfig.instance().cfg = None

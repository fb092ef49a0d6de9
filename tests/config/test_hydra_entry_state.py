"""A command that runs inside of a process leaves Hydra as it was."""

from __future__ import annotations

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from ltgnn.commands.train import main


def test_a_config_that_was_only_shown_is_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    HydraConfig.instance().cfg = None
    assert main(["model=ease", "features=none", "--cfg", "job"]) == 0
    assert "model:" in capsys.readouterr().out
    assert HydraConfig.instance().cfg is None
    assert not GlobalHydra.instance().is_initialized()

"""How a Hydra entry starts and how its errors reach the user."""

from __future__ import annotations

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ltgnn.commands.train import main
from ltgnn.config.hydra_entry import explain
from tests.config.metric_direction_case import composed


def test_a_config_that_was_only_shown_is_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    HydraConfig.instance().cfg = None
    assert main(["model=ease", "features=none", "--cfg", "job"]) == 0
    assert "model:" in capsys.readouterr().out
    assert HydraConfig.instance().cfg is None
    assert not GlobalHydra.instance().is_initialized()


def test_a_metric_that_does_not_exist_is_told_when_the_recipe_is_made() -> None:
    with pytest.raises(OmegaConfBaseException) as error:
        OmegaConf.to_container(composed("monitor=val/ndgc@20"), resolve=True)
    assert "unknown metric 'ndgc'. Did you mean: ndcg" in explain(error.value)

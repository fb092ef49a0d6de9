"""What tests of check share."""

from __future__ import annotations

from typing import Any

import pytest
from hydra import compose
from omegaconf import DictConfig

from ltgnn.config.check import findings, refuse_wrong_values
from ltgnn.types import UserError


def composed(root: str, *overrides: str) -> tuple[DictConfig, dict[str, Any]]:
    """The config of a command, and the word of each group."""
    cfg = compose(root, list(overrides), return_hydra_config=True)
    choices = dict(cfg.hydra.runtime.choices)
    return cfg, choices


def refused(*overrides: str, root: str = "train") -> str:
    """The message about a config that is refused."""
    cfg, choices = composed(root, *overrides)
    with pytest.raises(UserError) as caught:
        refuse_wrong_values(cfg, root, choices)
    return str(caught.value)


def node(config: dict[str, Any]) -> list[str]:
    return [str(found) for found in findings({"loss": {"mine": config}})]

"""A composed config as plain values, as far as it can be resolved, and the way back: which key the user sets."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from ltgnn.config.check import refuse_wrong_values
from ltgnn.config.resolving import resolved

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")


def test_what_cannot_be_resolved_is_not_checked() -> None:
    cfg = OmegaConf.create({"dim": "${nowhere}", "loss": {"l2": {"_target_": "x", "weight": "${gone:1}"}}})
    assert set(resolved(cfg)) == {"dim", "loss"}
    refuse_wrong_values(cfg, "train", only=("dim",))

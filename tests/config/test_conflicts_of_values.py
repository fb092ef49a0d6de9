"""Values that are valid one by one but incompatible, reported before anything is loaded."""

from __future__ import annotations

import pytest

from ltgnn.config.check import refuse_wrong_values
from tests.config.check_case import composed, refused

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")


def test_half_of_an_odd_batch_is_refused() -> None:
    message = "batch_size=31: objective=purchase takes half of a batch as bought, give an even number."
    assert refused("objective=purchase", "batch_size=31", root="finetune") == message
    cfg, choices = composed("finetune", "objective=copurchase", "batch_size=31", "trainer=cpu")
    refuse_wrong_values(cfg, "finetune", choices)

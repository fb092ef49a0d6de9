"""The parts of a config: every node with a ``_target_``, and what the class behind it states of itself."""

from __future__ import annotations

import pytest

from tests.config.check_case import node

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")


def test_a_part_is_not_held_against_the_protocol_that_it_fulfils() -> None:
    part = {"_target_": "ltgnn.losses.ranking.BPR"}
    weighted = {"_target_": "ltgnn.losses.weighting.Weighted", "_partial_": True, "term": part, "normalise": True}
    assert node(weighted) == []
    assert node(weighted | {"term": "bpr"}) == ["loss.mine.term=bpr given, a part with a _target_ wanted."]

"""What tests of claim rule share."""

from __future__ import annotations

from ltgnn.analysis.claim_rule import Claim, claim
from ltgnn.analysis.run_groups import load_group
from tests.analysis.made import METRIC


def verdict(base: str, new: str) -> Claim:
    return claim(load_group(base), load_group(new), METRIC, "items20", margin=0.01, level=0.95, draws=400, seed=0)

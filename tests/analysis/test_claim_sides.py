"""The two sides of a claim: different runs, and of these the ones whose files can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.analysis.claim_rule import claim
from ltgnn.analysis.run_groups import load_group
from ltgnn.types import UserError
from tests.analysis.claim_rule_case import verdict
from tests.analysis.made import side, write_run


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    base = side(tmp_path / "base", 2, 0.1, 0.5)
    with pytest.raises(UserError, match="no run folder"):
        load_group(str(tmp_path / "nothing"))
    with pytest.raises(UserError, match=r"not finished: .*failed"):
        load_group(str(write_run(tmp_path / "failed", 1, 0.1, 0.5, state="failed")))
    for folder, seed, dim in (("mixed/a", 1, 8), ("mixed/b", 2, 16), ("twice/a", 1, 8), ("twice/b", 1, 8)):
        write_run(tmp_path / folder, seed, 0.1, 0.5, dim=dim)
    with pytest.raises(UserError, match="differ in more than the seed: dim"):
        load_group(str(tmp_path / "mixed"))
    with pytest.raises(UserError, match="holds seed 1 twice"):
        load_group(str(tmp_path / "twice"))
    with pytest.raises(UserError, match="different splits"):
        verdict(base, side(tmp_path / "other", 2, 0.1, 0.5, fingerprint="0" * 64))
    with pytest.raises(UserError, match="no column 'recall@20'"):
        claim(load_group(base), load_group(base), "recall@20", "items20", 0.01, 0.95, 10, 0)

"""Notes under a table: what could not be scored, warnings, weights of ensembles, and the answer in a sentence."""

from __future__ import annotations

from pathlib import Path

from ltgnn.analysis.notes import weights_of


def test_the_weights_of_an_ensemble(tmp_path: Path) -> None:
    assert weights_of({"blend": {"weights": {"ease": 0.7, "lightgcn": 0.25}}}) == "ease 0.7, lightgcn 0.25"
    by_group = {"ease": {"active": {"head": 1.0, "tail": 2.0}, "casual": {"head": 0.5}}, "bias": 0.0}
    assert weights_of({"blend": {"weights": by_group}}) == "ease {active: head 1 tail 2; casual: head 0.5}, bias 0"
    policies = {"users": {"policy": "activity"}, "items": {"policy": "mass"}}
    told = weights_of({"blend": {"weights": {"ease": 1}, **policies}})
    assert told == "ease 1 (users by activity, items by mass)"
    assert weights_of({"blend": None}) == weights_of({}) == ""

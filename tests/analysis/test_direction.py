"""A value of which less is better, as its runs have recorded: the best of a comparison, the gain of a claim."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.analysis.claim_rule import claim
from ltgnn.analysis.comparison import compare
from ltgnn.analysis.run_groups import Run, load_group
from tests.analysis.made import METRIC, side, write_run


def recorded(path: str) -> str:
    """The runs of a side, with the record that less NDCG is better."""
    for file in Path(path).glob("**/metrics.json"):
        file.write_text(json.dumps(json.loads(file.read_text()) | {"smaller_is_better": ["ndcg"]}))
    return path


@pytest.mark.parametrize(
    ("tail", "head", "expected"), [(0.06, 0.5, "yes"), (0.14, 0.5, "no"), (0.06, 0.53, "no"), (0.1, 0.5, "undecided")]
)
def test_a_claim_reads_less_as_a_gain(tmp_path: Path, tail: float, head: float, expected: str) -> None:
    base = recorded(side(tmp_path / "base", 5, tail=0.1, head=0.5, spread=0.0005))
    new = recorded(side(tmp_path / "new", 5, tail=tail, head=head, spread=0.0005))
    result = claim(load_group(base), load_group(new), METRIC, "items20", margin=0.01, level=0.95, draws=400, seed=0)
    assert result.verdict == expected
    found = next(d for d in result.differences if d.group == "tail")
    assert (found.interval.estimate < 0) == (tail < 0.1) or expected == "undecided"  # the number itself is new - base
    assert (found.wins > found.losses) == (tail < 0.1) or expected == "undecided"


@pytest.mark.parametrize(("less", "best"), [(True, "sum"), (False, "id")])
def test_the_best_of_a_comparison(tmp_path: Path, less: bool, best: str) -> None:
    folders = [write_run(tmp_path / word, 1, 0.1, head, fusion=word) for word, head in (("id", 0.6), ("sum", 0.5))]
    for folder in folders if less else []:
        recorded(str(folder))
    runs = [
        Run(f, {"choices": {"fusion": f.name}, "seed": 1}, json.loads((f / "metrics.json").read_text()))
        for f in folders
    ]
    rows = compare(runs, ["fusion"], [METRIC], {}, "holm").rows
    assert [row.options for row in rows if row.cells[0] is not None and row.cells[0].best] == [(best,)]

"""What tests of published row share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ltgnn.reproduction.verdict import Published, evaluate

ROW: dict[str, Any] = {
    "title": "Toy",
    "source": {"title": "T", "link": "L", "where": "W", "kind": "log"},
    "data": {"name": "toy", "sha256": {}, "counts": {}},
    "config": ["model=popularity"],
    "whole": [],
    "seeds": [1],
    "selection": "none",
    "published": {"recall@20": 0.2},
    "tolerance": {"absolute": 0.01, "why": "toy"},
    "hardware": "cpu",
    "smoke": None,
    "reason": None,
}


def written(folder: Path, **changes: Any) -> Path:
    file = folder / "toy.yaml"
    file.write_text(yaml.safe_dump(ROW | changes, sort_keys=False))
    return file


def result(kind: str, finished: str, verdict: str = "PASS", epoch: int | None = None) -> dict[str, Any]:
    judged = evaluate(Published("recall@20", 0.2, 0.01, epoch), [0.2, 0.204]).to_dict()
    return {
        "row": "toy", "kind": kind, "verdict": verdict, "finished": finished, "commit": f"c{finished}",
        "judged": [judged], "runs": [{}, {}], "minutes": 3.2,
    }  # fmt: skip

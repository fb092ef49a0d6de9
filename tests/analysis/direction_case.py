"""What tests of direction share."""

from __future__ import annotations

import json
from pathlib import Path


def recorded(path: str) -> str:
    """The runs of a side, with the record that less NDCG is better."""
    for file in Path(path).glob("**/metrics.json"):
        file.write_text(json.dumps(json.loads(file.read_text()) | {"smaller_is_better": ["ndcg"]}))
    return path

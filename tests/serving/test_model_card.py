"""The model card: what a person should know before serving an exported model."""

from __future__ import annotations

import json
from pathlib import Path


def test_the_card_says_what_the_model_is(runs: dict[str, Path], exported: dict[str, Path]) -> None:
    card = (exported["gnn"] / "README.md").read_text()
    metrics = json.loads((runs["gnn"] / "metrics.json").read_text())["test"]
    assert f"| all | {metrics['ndcg@20']:.4f} |" in card
    assert f"| tail | {metrics['items20/tail/ndcg@20']:.4f} |" in card
    assert "licence: made by the tests" in card
    assert "80 users, 48 items" in card
    assert "- item features: words: words, template '{title}'; 48 x 32\n" in card
    assert "{'" not in card
    assert "(there, but not read by the score)" in (exported["ease"] / "README.md").read_text()

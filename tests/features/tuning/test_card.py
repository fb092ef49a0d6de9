"""The model card of a tuned encoder."""

from __future__ import annotations

from ltgnn.features.tuning.card import model_card


def test_metrics_before_and_after() -> None:
    text = model_card(
        {"data": "toy", "base": "minilm", "steps": 7}, {"ndcg@20": 0.2, "new": 0.0}, {"ndcg@20": 0.25, "new": 0.1}
    )
    assert "# Item text encoder for toy" in text
    assert "- **steps**: 7" in text
    assert "| ndcg@20 | 0.2000 | 0.2500 | +25.0 % |" in text
    assert "| new | 0.0000 | 0.1000 | n/a |" in text

"""The message of an error that the user can fix, from any library; a bug of ltgnn has none."""

from __future__ import annotations

import pytest

from tests.config.suggestions_case import refused


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["LR=1e-3"], "Did you mean 'lr'?"),
        (["weight=2"], "Did you mean 'loss.l2.weight'?"),
        (["temperature=0.1"], "has loss.ranking.temperature. Groups: "),
        (["loss.ranking.weight=2"], "loss.ranking has no key to set. loss has loss.l2.weight."),
        (["loss.ranking.margin=1"], "loss.ranking has no key to set. loss=ccl has loss.ranking.margin."),
        (["model.encoder.layers=1"], "Did you mean 'model.encoder.num_layers'?"),
        (["score=content", "score.weight=1"], "Did you mean 'score.adjustments.content.weight'?"),
        (["loss=bpr,softmax"], "loss=bpr,softmax given, one value wanted. To run one after the other: loss=bpr,"),
        (["lr=1e-3,1e-2"], "A list: lr=[1e-3,1e-2]. One text with commas: 'lr=\"1e-3,1e-2\"'"),
        (["eval.ks={a:1}"], "eval.ks={a:1} given, a list wanted."),
        (["loss.ranking=[1]"], "loss.ranking=[1] given, names with a value each wanted."),
    ],
)
def test_message(words: list[str], text: str) -> None:
    assert text in refused(*words)

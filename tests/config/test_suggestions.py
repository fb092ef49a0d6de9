"""Hydra's errors on keys, as one message with the nearest key that there is."""

from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from ltgnn.config import resolvers
from ltgnn.config.error_messages import message
from ltgnn.config.paths import conf_dir
from ltgnn.config.suggestions import in_plain_words


def refused(*words: str) -> str:
    """The message about words that cannot be composed."""
    resolvers.register()
    GlobalHydra.instance().clear()
    with pytest.raises(Exception, match=r".") as caught, initialize_config_dir(str(conf_dir()), version_base="1.3"):
        compose("train", list(words))
    return in_plain_words(message(caught.value) or "", words, "train")


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


@pytest.mark.parametrize("word", ["model.encoder.foo=1", "zzz=1", "optim.betas=1"])
def test_nothing_near_is_not_made_up(word: str) -> None:
    text = refused(word)
    assert "Did you mean" not in text
    assert f"{word.partition('.')[0].partition('=')[0]}=" not in text.partition("there is no such key.")[2]

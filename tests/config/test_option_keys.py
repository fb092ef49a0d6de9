"""The keys of an option: default, type and comment."""

from __future__ import annotations

from ltgnn.config.option_keys import option_keys


def test_keys_of_an_option() -> None:
    found = {one.key: one for one in option_keys("loss", "softmax")}
    assert found["loss.ranking.temperature"].wanted == "a number of at least 1e-06"
    part = found["loss.ranking"]
    assert part.part
    assert part.default == "ltgnn.losses.softmax.SampledSoftmax"
    assert found["loss.ranking.in_batch"].wanted == "true or false"

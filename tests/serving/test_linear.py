"""What is said of a model whose score is not split."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ltgnn.models.linear_score import refuse
from ltgnn.types import Mistake


class WeightedGCN:
    """A model of a user's own, which may well be linear."""


class LayerGCN:
    """One that is known not to be."""


def test_what_is_not_known_is_not_called_false() -> None:
    graph = SimpleNamespace(message=None)
    with pytest.raises(Mistake, match=r"it is not known whether .* WeightedGCN is a class of its own"):
        refuse(WeightedGCN(), graph)
    with pytest.raises(Mistake, match="is no sum over the history: it weighs"):
        refuse(LayerGCN(), graph)

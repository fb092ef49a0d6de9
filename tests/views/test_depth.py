"""A model without layers has no views."""

from __future__ import annotations

import pytest

from ltgnn.testing import toy
from ltgnn.types import UserError
from ltgnn.views.depth import need_layers


def test_a_model_without_layers_is_refused_with_a_way_out() -> None:
    states = toy.encoded()
    need_layers(states, "simgcl")
    with pytest.raises(UserError, match=r"views=simgcl differ .* Set views=clean, or model=lightgcn"):
        need_layers(states._replace(layers=states.layers[:1]), "simgcl")

"""One clean pass, no contrast."""

from __future__ import annotations

import torch

from ltgnn.views.clean import Clean
from tests.views.views_case import graph, model


def test_clean_is_the_encoder() -> None:
    encoder = model(ego=True)
    main, views = Clean()(encoder, graph())
    torch.testing.assert_close(main.users, encoder(graph()).users)
    assert views == []

"""First node state: user ids, and items from ids and features through a fusion."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import ContentOnly
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.projection import Linear
from ltgnn.models.readout import Last, LayerReadout, Mean, Sum
from ltgnn.types import Interactions


@pytest.mark.parametrize("readout", [Mean(ego=True), Mean(ego=False), Mean(ego=0.2), Sum(ego=False), Last()])
def test_cold_items_differ_whatever_the_readout(tiny: Interactions, readout: LayerReadout) -> None:
    """Item 4 has no neighbour: a readout without layer 0 would make it zero, and tie it with all other cold items."""
    text = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    embedding = NodeEmbedding(tiny, 8, torch.nn.init.normal_, partial(ContentOnly, projector=Linear), text)
    encoded = LightGCN(embedding, 2, readout)(BipartiteGraph(tiny, Symmetric(), None))
    share = encoded.items[4] / encoded.layers[0][4 + 4]
    torch.testing.assert_close(share, share[:1].expand(8))
    assert share[0] > 0

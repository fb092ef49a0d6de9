"""MMGCN against its formulas, node by node."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import RandomWalk
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.mmgcn import MMGCN
from ltgnn.tensors.feature_kinds import FeatureKinds
from ltgnn.testing.encoder import EncoderCase
from ltgnn.types import Block, Encoder, Interactions, UserError
from tests.models.encoders_case import INIT, TEXT, TRAIN, adjacency, nodes

KNOWN = torch.arange(14) % 4 != 2
BLOCKS = {"text": Block(slice(0, 3), torch.ones(14, dtype=torch.bool)), "images": Block(slice(3, 5), KNOWN)}


def make(weights: dict[str, float] | None = None, train: Interactions = TRAIN) -> MMGCN:
    torch.manual_seed(0)
    embedding = NodeEmbedding(train, 6, INIT, Id, TEXT)
    return MMGCN(embedding, 2, FeatureKinds(weights or {}).with_blocks(BLOCKS)).double()


def leaky(values: Tensor) -> Tensor:
    return torch.where(values > 0, values, 0.01 * values)


def naive(model: MMGCN, shares: tuple[float, float]) -> Tensor:
    """The paper's steps with the mean over neighbours; node by node."""
    assert model.embedding.users is not None
    assert model.embedding.items is not None
    ids = torch.cat([model.embedding.users, model.embedding.items * (TRAIN.item_counts > 0)[:, None]])
    total = torch.zeros(24, 6, dtype=torch.float64)
    for kind, (columns, known) in enumerate(((slice(0, 3), None), (slice(3, 5), KNOWN))):
        rows = [*model.users[kind]]
        for item in range(14):
            there = known is None or bool(known[item])
            rows.append(model.project[kind].weight @ (TEXT[item, columns] if there else 0 * TEXT[item, columns]))
        state = torch.stack([row / row.norm().clamp_min(1e-12) for row in rows])
        for layer in range(2):
            maps = [getattr(model, name)[2 * kind + layer].weight for name in ("neighbours", "previous", "combine")]
            following = []
            for node in range(24):
                near = adjacency()[node].nonzero()[:, 0].tolist()
                mean = sum((maps[0] @ state[other] for other in near), torch.zeros(6).double()) / max(1, len(near))
                following.append(leaky(maps[2] @ leaky(mean) + leaky(maps[1] @ state[node]) + ids[node]))
            state = torch.stack(following)
        total = total + shares[kind] * state
    return total


@pytest.mark.parametrize(("weights", "shares"), [({}, (0.5, 0.5)), ({"text": 3, "images": 1}, (0.75, 0.25))])
def test_naive_with_gradients(weights: dict[str, float], shares: tuple[float, float]) -> None:
    model = make(weights)
    encoded = model(BipartiteGraph(TRAIN, RandomWalk(), None).double())
    found, wanted = torch.cat([encoded.users, encoded.items]), naive(model, shares)
    target, given = torch.randn(24, 6, dtype=torch.float64), list(model.parameters())
    pairs = [(found, wanted)]
    one, other = (torch.autograd.grad((table * target).sum(), given) for table in (found, wanted))
    for left, right in [*pairs, *zip(one, other, strict=True)]:
        torch.testing.assert_close(left, right, rtol=1e-6, atol=1e-6 * float(right.detach().abs().max()))
    assert [layer.shape for layer in encoded.layers] == [(24, 6)] * 3


def test_a_cold_item_is_known_by_a_kind_that_counts() -> None:
    train = TRAIN.select(~torch.isin(TRAIN.items, torch.tensor([2, 3])))
    graph = BipartiteGraph(train, RandomWalk(), None).double()
    unseen = [item for item in range(14) if not train.item_counts[item] and not KNOWN[item]]
    assert 2 in unseen
    for weights, unknown in (({}, []), ({"text": 0, "images": 1}, unseen)):
        model = make(weights, train)
        known = model.known_items(graph)
        assert known.logical_not().nonzero().flatten().tolist() == unknown
        assert torch.equal(known, model(graph).items.any(1))


def test_what_is_refused() -> None:
    with pytest.raises(UserError, match=r"model=mmgcn needs item features and at least one layer"):
        MMGCN(nodes(), 2, FeatureKinds({}))
    with pytest.raises(UserError, match=r"num_layers=1 or more \(0 given\)"):
        MMGCN(NodeEmbedding(TRAIN, 6, INIT, Id, TEXT), 0, FeatureKinds({}))


class TestMMGCNCase(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> Encoder:
        return MMGCN(embedding, 2, FeatureKinds({}))

"""The case of encoders on shipped ones, and on one of one's own."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from ltgnn.models.embedding import ItemEmbedding, NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.layergcn import LayerGCN
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.linear_score import LinearScore
from ltgnn.models.readout import Last, Mean, Sum
from ltgnn.models.recurrent import Recurrent
from ltgnn.models.sequence import SequenceModel
from ltgnn.testing import toy
from ltgnn.testing.encoder import EncoderCase
from ltgnn.types import Encoded, Encoder, Graph, LinearTerms, Perturb, Readout, identity


class TestLightGCN(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> Encoder:
        return LightGCN(embedding, num_layers=2, readout=Mean(ego=True))


class TestLightGCNOfIds(EncoderCase):
    """Its columns are separable."""

    def embedding(self) -> NodeEmbedding:
        return NodeEmbedding(toy.interactions(), self.dim, nn.init.normal_, Id, None)

    def make(self, embedding: NodeEmbedding) -> Encoder:
        encoder = LightGCN(embedding, num_layers=3, readout=Mean(ego=0.3))
        assert encoder.column_separable
        return encoder


class TestMF(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> Encoder:
        return LightGCN(embedding, num_layers=0, readout=Mean(ego=True))


class TestLastLayer(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> Encoder:
        return LightGCN(embedding, num_layers=2, readout=Last())


class TestLayerGCN(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> Encoder:
        return LayerGCN(embedding, num_layers=2, readout=Sum(ego=False))


class TestGRU4Rec(EncoderCase):
    def embedding(self) -> NodeEmbedding:
        return ItemEmbedding(toy.interactions(), self.dim, nn.init.normal_, Id, None)

    def make(self, embedding: NodeEmbedding) -> Encoder:
        assert isinstance(embedding, ItemEmbedding)
        return SequenceModel(embedding, partial(Recurrent, cell=nn.GRU, layers=1, dropout=0.1), max_length=4)


class Fading(Encoder):
    """An encoder of one's own: ``sum over l of fade^l A^l x``."""

    def __init__(self, embedding: NodeEmbedding, num_layers: int, fade: float) -> None:
        super().__init__()
        self.embedding, self.num_layers, self.fade = embedding, num_layers, fade

    def read_out(self, layers: list[torch.Tensor]) -> torch.Tensor:
        return torch.stack([self.fade**number * layer for number, layer in enumerate(layers)]).sum(0)

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        state, content = self.embedding()
        layers = [state]
        for number in range(1, self.num_layers + 1):
            layers.append(perturb(graph.propagate(layers[-1]), number))
        users, items = self.read_out(layers).split([self.embedding.num_users, self.embedding.num_items])
        return Encoded(users, items, tuple(layers), content)

    def linear_terms(self, graph: Graph, norm_power: float) -> LinearTerms:
        return LinearScore(self.embedding, self.num_layers, self.read_out, graph, norm_power)

    def fold_in(self, graph: Graph) -> Readout:
        return self.read_out


class TestOnesOwn(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> Encoder:
        return Fading(embedding, num_layers=2, fade=0.5)

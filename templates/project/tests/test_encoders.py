"""The fading encoder: the laws of every encoder, and dense matrices."""

import torch
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.testing import toy
from ltgnn.testing.encoder import EncoderCase
from ltgnn.types import Encoder

from myrec.encoders import Fading


class TestFading(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> Encoder:
        return Fading(embedding, num_layers=2, fade=0.5)

    def test_dense_matrices(self) -> None:
        """``(x + A x / 2 + A^2 x / 4) / 1.75`` with ``A = D^-1/2 A D^-1/2`` written out."""
        train, encoder = toy.interactions(), self.build()
        adjacency = torch.zeros(toy.USERS + toy.ITEMS, toy.USERS + toy.ITEMS)
        adjacency[train.users, train.items + toy.USERS] = 1
        adjacency = adjacency + adjacency.T
        scale = adjacency.sum(1).clamp_min(1).rsqrt()
        matrix = scale[:, None] * adjacency * scale
        with torch.no_grad():
            first, _ = encoder.embedding()
            wanted = (first + matrix @ first / 2 + matrix @ matrix @ first / 4) / 1.75
            found = encoder(self.graph())
        torch.testing.assert_close(torch.cat([found.users, found.items]), wanted)

"""The case of fusions on shipped ones, and on one of one's own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ltgnn.models.fusion import AlignedContent, ContentOnly, Gate, Id, Init, ItemFusion, Sum
from ltgnn.models.fusion_attention import Attention
from ltgnn.models.fusion_concat import Concat
from ltgnn.models.fusion_popularity import PopularityGate
from ltgnn.models.projection import Linear
from ltgnn.testing.fusion import FusionCase


class TestId(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return Id(dim, features_dim)


class TestSum(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return Sum(dim, features_dim, Linear)


class TestGate(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return Gate(dim, features_dim, Linear)


class TestConcat(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return Concat(dim, features_dim, Linear, id_dropout=0.5)


class TestContentOnly(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return ContentOnly(dim, features_dim, Linear)


class TestInit(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return Init(dim, features_dim)


class TestSide(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return AlignedContent(dim, features_dim, Linear)


class TestPopularityGate(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return PopularityGate(dim, features_dim, Linear, at_one=0.9, falling=0.5)


class TestAttention(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return Attention(dim, features_dim, Linear, {"text": 4, "numbers": 2})


class Scaled(ItemFusion):
    """A fusion of one's own: the id, times what one number of the projected features says."""

    def __init__(self, dim: int, features_dim: int) -> None:
        super().__init__()
        self.weight = nn.Linear(features_dim, 1, bias=False)

    def forward(self, ids: Tensor, features: Tensor, counts: Tensor) -> tuple[Tensor, None]:
        return ids * torch.exp(self.weight(features)), None

    def known_items(self, features: Tensor | None, trained: Tensor) -> Tensor:
        return trained


class TestOnesOwn(FusionCase):
    def make(self, dim: int, features_dim: int) -> ItemFusion:
        return Scaled(dim, features_dim)

"""The case of closed forms on shipped ones, and on one of one's own."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.models.closed_form.als import ALS
from ltgnn.models.closed_form.blend import Blend
from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.models.closed_form.neighbours import ContentKNN, ItemKNN
from ltgnn.models.closed_form.plain import Popularity, Random
from ltgnn.models.closed_form.spectral import GFCF, SVD
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import ClosedForm, Interactions, Scorer


class TestEASE(ClosedFormCase):
    def make(self) -> ClosedForm:
        return EASE(l2=2.0, max_items=100)


class TestContentEASE(ClosedFormCase):
    def make(self) -> ClosedForm:
        return ContentEASE(l2=2.0, max_items=100, content_weight=3.0)


class TestGFCF(ClosedFormCase):
    def make(self) -> ClosedForm:
        return GFCF(rank=4, alpha=0.3)


class TestSVD(ClosedFormCase):
    def make(self) -> ClosedForm:
        return SVD(rank=4, num_layers=2)


class TestItemKNN(ClosedFormCase):
    def make(self) -> ClosedForm:
        return ItemKNN(neighbours=3, shrink=1.0)


class TestContentKNN(ClosedFormCase):
    def make(self) -> ClosedForm:
        return ContentKNN(neighbours=3)


class TestPopularity(ClosedFormCase):
    def make(self) -> ClosedForm:
        return Popularity()


class TestRandom(ClosedFormCase):
    def make(self) -> ClosedForm:
        return Random(seed=1)


class TestALS(ClosedFormCase):
    def make(self) -> ClosedForm:
        return ALS(factors=3, regularisation=0.1, alpha=10.0, iterations=3, seed=0)


class TestBlend(ClosedFormCase):
    def make(self) -> ClosedForm:
        parts = {"cf": EASE(l2=2.0, max_items=100), "text": ContentKNN(neighbours=3)}
        return Blend(parts, {"cf": 1.0, "text": 0.5})


class Centroid:
    """A closed form of one's own: a user is the mean of the features of the train items."""

    reads_features = True

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        assert features is not None
        users = torch.zeros(train.num_users, features.shape[1]).index_add_(0, train.users, features[train.items])
        return mask_items(InnerProduct(users / train.user_counts[:, None], features.T), features.any(1))


class TestOnesOwn(ClosedFormCase):
    def make(self) -> ClosedForm:
        return Centroid()

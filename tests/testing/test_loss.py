"""The case of losses on shipped ones, and on one of one's own."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.contrast import InfoNCE
from ltgnn.losses.directau import DirectAU
from ltgnn.losses.macr import MACR
from ltgnn.losses.pairwise import PairwiseSoftmax
from ltgnn.losses.ranking import BCE, BPR, CCL
from ltgnn.losses.regularisers import L2
from ltgnn.losses.rows import scores
from ltgnn.losses.softmax import SampledSoftmax
from ltgnn.testing import toy
from ltgnn.testing.loss import LossCase
from ltgnn.types import Batch, Encoded, Loss


class TestBPR(LossCase):
    def make(self) -> Loss:
        return BPR()


class TestBCE(LossCase):
    def make(self) -> Loss:
        return BCE(negative_weight=2.0)


class TestCCL(LossCase):
    def make(self) -> Loss:
        return CCL(margin=0.3, negative_weight=1.5)


class TestSampledSoftmax(LossCase):
    def make(self) -> Loss:
        return SampledSoftmax(toy.interactions(), {}, 0.2, in_batch=False, mask_own=False, logq=0.0)


class TestInBatchSoftmax(LossCase):
    negatives = 0

    def make(self) -> Loss:
        return SampledSoftmax(toy.interactions(), {}, 0.2, in_batch=True, mask_own=True, logq=1.0)


class TestPairwiseSoftmax(LossCase):
    def make(self) -> Loss:
        return PairwiseSoftmax(0.5, "atan", in_batch=True, mask_own=True)


class TestDirectAU(LossCase):
    negatives = 0

    def make(self) -> Loss:
        return DirectAU(gamma=1.0)


class TestL2(LossCase):
    def make(self) -> Loss:
        return L2(weight=0.1, layers=[0, 1], negatives=True)


class TestInfoNCE(LossCase):
    def make(self) -> Loss:
        return InfoNCE(0.1, 0.2, negatives="batch", reduction="mean")

    def views(self) -> list[Encoded]:
        return [toy.encoded(seed=11), toy.encoded(seed=12)]


class TestMACR(LossCase):
    def make(self) -> Loss:
        torch.manual_seed(0)
        return MACR(4, item_weight=0.1, user_weight=0.1, c=2.0).double()


class Hinge(Loss):
    """A loss of one's own: ``mean max(0, margin - s+ + s-)``."""

    local = row_separable = column_separable = True

    def __init__(self, margin: float) -> None:
        self.margin = margin

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        pos, neg = scores(main, batch, cosine=False)
        return F.relu(self.margin - pos[:, None] + neg).mean()


class TestOnesOwn(LossCase):
    def make(self) -> Loss:
        return Hinge(0.5)

"""The case of samplers on shipped ones, and on one of one's own."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from ltgnn.sampling.hard import Hardest
from ltgnn.sampling.mixture import Mixture
from ltgnn.sampling.negatives import InBatch, Negatives, Popularity, Uniform
from ltgnn.testing.sampler import SamplerCase
from ltgnn.types import Interactions


class TestUniform(SamplerCase):
    def make(self, train: Interactions) -> Negatives:
        return Uniform(train, 3, exclude_train=True, shared=False)


class TestShared(SamplerCase):
    excludes_own = False

    def make(self, train: Interactions) -> Negatives:
        return Uniform(train, 3, exclude_train=False, shared=True)


class TestPopularity(SamplerCase):
    def make(self, train: Interactions) -> Negatives:
        return Popularity(train, 3, power=0.75, exclude_train=True, shared=False)


class TestPopularityOverAll(SamplerCase):
    negatives, excludes_own = 2, False

    def make(self, train: Interactions) -> Negatives:
        return Popularity(train, 2, power=1.0, exclude_train=False, shared=False)


class TestInBatch(SamplerCase):
    negatives = 0

    def make(self, train: Interactions) -> Negatives:
        return InBatch(train)


class TestMixture(SamplerCase):
    negatives, excludes_own = 4, False

    def make(self, train: Interactions) -> Negatives:
        uniform = partial(Uniform, negatives=3, exclude_train=False, shared=False)
        popular = partial(Popularity, negatives=1, power=1.0, exclude_train=False, shared=False)
        return Mixture(train, {"uniform": uniform, "popular": popular})


class TestHardest(SamplerCase):
    negatives = 2

    def make(self, train: Interactions) -> Negatives:
        return Hardest(train, partial(Uniform, negatives=6, exclude_train=True, shared=False), keep=2, cosine=False)


class Even(Negatives):
    """A sampler of one's own: items of even numbers, all alike."""

    def __init__(self, train: Interactions, negatives: int) -> None:
        super().__init__()
        self.negatives, self.num_items = negatives, train.num_items
        even = torch.arange(train.num_items) % 2 == 0
        self.proposal = even.double() / even.sum()

    def forward(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        return 2 * torch.randint(self.num_items // 2, (len(users), self.negatives), generator=generator)


class TestOnesOwn(SamplerCase):
    excludes_own = False

    def make(self, train: Interactions) -> Negatives:
        return Even(train, 3)

"""The case of metrics on shipped ones of each kind, and on one of one's own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ltgnn.evaluation import diversity, exposure, metrics, popularity
from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import Metric, metric
from ltgnn.evaluation.ranks import auc
from ltgnn.testing import toy
from ltgnn.testing.metric import MetricCase


class TestRecall(MetricCase):
    def make(self) -> Metric[..., Any]:
        return metrics.recall.with_options("recall", {"capped": False})


class TestPrecision(MetricCase):
    at_best = 2 / 3

    def make(self) -> Metric[..., Any]:
        return metrics.precision


class TestNDCG(MetricCase):
    def make(self) -> Metric[..., Any]:
        return metrics.ndcg


class TestMRR(MetricCase):
    def make(self) -> Metric[..., Any]:
        return metrics.mrr


class TestAUC(MetricCase):
    at_worst = None

    def make(self) -> Metric[..., Any]:
        return auc


class TestCoverage(MetricCase):
    """Better: each user another item; worse: the same three items for all, 3 of 16."""

    at_best, at_worst = 1.0, 3 / 16

    def make(self) -> Metric[..., Any]:
        return popularity.coverage

    def better(self) -> Tensor:
        return torch.arange(3 * toy.USERS).reshape(toy.USERS, 3) % toy.ITEMS

    def worse(self) -> Tensor:
        return torch.arange(3).expand(toy.USERS, 3)


class TestTailCoverage(TestCoverage):
    group, at_worst = "tail", None

    def make(self) -> Metric[..., Any]:
        return exposure.coverage


class TestGini(TestCoverage):
    at_best = at_worst = None

    def make(self) -> Metric[..., Any]:
        return popularity.gini


class TestAverageRecommendationPopularity(TestCoverage):
    at_best = at_worst = None

    def make(self) -> Metric[..., Any]:
        return popularity.arp


class TestCategoryDiversity(MetricCase):
    """Better: three items of three categories; worse: three of one."""

    def make(self) -> Metric[..., Any]:
        return diversity.category_diversity

    def better(self) -> Tensor:
        return torch.tensor([0, 1, 2]).expand(toy.USERS, 3)

    def worse(self) -> Tensor:
        return torch.tensor([0, 3, 6]).expand(toy.USERS, 3)


@metric("lists", smaller_is_better=True)
def mean_number(lists: Lists) -> Tensor:
    """Mean number of the listed items."""
    return lists.mean(lists.items)


class TestOnesOwn(TestCoverage):
    """Better: items 0 to 2; worse: items 13 to 15."""

    at_best, at_worst = 1.0, 14.0

    def make(self) -> Metric[..., Any]:
        return mean_number

    def better(self) -> Tensor:
        return torch.arange(3).expand(toy.USERS, 3)

    def worse(self) -> Tensor:
        return torch.arange(13, 16).expand(toy.USERS, 3)

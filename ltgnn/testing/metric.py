"""The laws of a metric (``ltgnn.evaluation.metric.Metric``)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import Metric
from ltgnn.evaluation.metrics import Hits, find
from ltgnn.evaluation.ranks import Ranks
from ltgnn.tensors.csr import Csr
from ltgnn.testing import toy
from ltgnn.types import Interactions, TopK

K = 3


class MetricCase:
    """Give ``make``, and where the defaults are not those of the metric ``better`` and ``worse`` lists by hand.

    ``at_best``, ``at_worst``: its value on them, of ``group`` where it has one for each group; None: not by hand.
    """

    at_best: float | None = 1.0
    at_worst: float | None = 0.0
    group: str = ""

    def make(self) -> Metric[..., Any]:
        """The metric under test; options by ``with_options(name, {...})``."""
        raise NotImplementedError

    def better(self) -> Tensor:
        """Lists of all users [U, 3] that the metric prefers: here the two held-out items first."""
        return torch.cat([self._held_out(), self._other_candidates()[:, :1]], 1)

    def worse(self) -> Tensor:
        """Lists without a held-out item.  [U, 3]"""
        return self._other_candidates()[:, :K]

    def features(self) -> Tensor | None:
        """Item features [I, D]; None: the data have none."""
        return toy.features()

    def categories(self) -> Csr:
        """By item, the numbers of its categories: here each item has one of three."""
        return torch.arange(toy.ITEMS + 1), torch.arange(toy.ITEMS) % 3

    def values(self, items: Tensor, users: Tensor | None = None) -> Any:
        """What the metric says of such lists [U, 3], of some users alone (None: of all)."""
        metric = self.make()
        users = torch.arange(toy.USERS) if users is None else users
        lists = self._lists(items[users], users)
        if metric.reads == "hits":
            found = metric(Hits(lists.found, lists.relevant), K)
        elif metric.reads == "ranks":
            found = metric(self._ranks(items[users], users), torch.ones(2 * len(users), dtype=torch.bool))
        elif metric.reads == "lists":
            found = metric(lists)
        else:
            found = metric(lists, toy.groups())
        return found[self.group] if isinstance(found, dict) else found

    def test_name_and_formula(self) -> None:
        metric = self.make()
        assert isinstance(metric, Metric), f"{metric!r} is not decorated with ltgnn.evaluation.metric.metric"
        assert metric.name, "a name wanted"
        assert metric.formula, f"{metric.name}: a formula wanted, in the first paragraph of its docstring"

    def test_one_number_for_each_user_or_one_for_all(self) -> None:
        metric, found = self.make(), self.values(self.better())
        if metric.per_user:
            assert isinstance(found, Tensor), f"per_user=True, but {type(found).__name__} given"
            assert found.shape == (toy.USERS,), f"a number for each of {toy.USERS} users wanted, {found.shape} given"
            assert found.dtype == torch.float64, f"float64 wanted, {found.dtype} given"
        else:
            assert isinstance(found, float), f"per_user=False, but {type(found).__name__} given"

    def test_direction(self) -> None:
        metric, better, worse = self.make(), mean(self.values(self.better())), mean(self.values(self.worse()))
        assert (better < worse) if metric.smaller_is_better else (better > worse), (
            f"smaller_is_better={metric.smaller_is_better}, but the better lists have {better}, the worse {worse}"
        )

    def test_values_by_hand(self) -> None:
        for lists, wanted in ((self.better(), self.at_best), (self.worse(), self.at_worst)):
            found = mean(self.values(lists))
            assert wanted is None or math.isclose(found, wanted, abs_tol=1e-9), f"{found} given, {wanted} wanted"

    def test_a_user_has_the_same_number_alone(self) -> None:
        if self.make().per_user:
            items = torch.where(torch.arange(toy.USERS)[:, None] % 2 == 0, self.better(), self.worse())
            together = self.values(items)
            alone = torch.cat([self.values(items, users) for users in torch.arange(toy.USERS).split(1)])
            assert torch.allclose(alone, together, rtol=1e-9, equal_nan=True), f"alone {alone}, together {together}"

    def test_same_lists_give_the_same_value(self) -> None:
        items = self.better()
        first, second = self.values(items), self.values(items)
        assert torch.equal(torch.as_tensor(first), torch.as_tensor(second)), f"{first} and then {second}"
        assert torch.equal(items, self.better()), "the metric changed the lists"

    def _held_out(self) -> Tensor:
        return toy.held_out().items.reshape(toy.USERS, 2)

    def _other_candidates(self) -> Tensor:
        """Candidates that are not held out, by number.  [U, n]"""
        order = torch.arange(toy.ITEMS).repeat(toy.USERS, 1)
        for part in (toy.held_out(), toy.interactions()):
            order[part.users, part.items] = toy.ITEMS
        return order.sort(1).values

    def _lists(self, items: Tensor, users: Tensor) -> Lists:
        held_out, train = toy.held_out(), toy.interactions()
        scores = torch.arange(K, 0, -1).float().expand(len(users), K)
        found = find(TopK(users, items, scores), held_out)
        return Lists(users, items, scores, found, held_out.user_counts[users], held_out, train, train.by_user,
                     self.features(), self.categories())  # fmt: skip

    def _ranks(self, items: Tensor, users: Tensor) -> Ranks:
        """Where the held-out items stand if a list is followed by all other candidates, equal among themselves."""
        scores = torch.zeros(len(users), toy.ITEMS)
        scores.scatter_(1, items, torch.arange(K, 0, -1).float().expand(len(users), K))
        train: Interactions = toy.interactions()
        seen = torch.zeros(toy.USERS, toy.ITEMS, dtype=torch.bool)
        seen[train.users, train.items] = True
        scores = scores.masked_fill(seen[users], -torch.inf)
        rows = torch.repeat_interleave(torch.arange(len(users)), 2)
        mine = scores.gather(1, self._held_out()[users]).flatten()
        others = scores[rows]
        above, equal = (others > mine[:, None]).sum(1), (others == mine[:, None]).sum(1)
        return Ranks(rows, mine, above, equal, (scores > -torch.inf).sum(1))


def mean(values: Tensor | float) -> float:
    """The mean over users, without those for whom there is no value."""
    return float(values.nanmean()) if isinstance(values, Tensor) else float(values)

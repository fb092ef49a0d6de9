"""The laws of a serving rule: one of the five protocols of ``ltgnn.inference.rule``, and lists that obey it."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.inference.catalogue import Catalogue
from ltgnn.inference.rule import (
    CategoryCap,
    ItemFilter,
    MinimumShare,
    Reranker,
    Rule,
    RuleContext,
    UserFilter,
    check,
)
from ltgnn.inference.rule_engine import RuleRanker, Rules
from ltgnn.inference.served_model import ServedModel
from ltgnn.testing import toy
from ltgnn.types import FunctionScorer

USERS = [*range(toy.USERS), -1]
"""All users of the toy, and an unknown one."""


class RuleCase:
    """Give ``make``; ``context`` where the rule reads columns that the toy has not. Lists have length ``k``."""

    k: int = 5

    def make(self) -> Rule:
        """The rule under test."""
        raise NotImplementedError

    def context(self) -> RuleContext:
        """A model of the toy with titles, categories, prices and features of the items."""
        data = toy.dataset()
        catalogue = Catalogue(data.user_ids, data.item_ids, data.item_fields, data.item_numbers)
        scorer = FunctionScorer(self.scores)
        return ServedModel("toy", scorer, catalogue, toy.split(), toy.groups(), toy.features, {})

    def scores(self, users: Tensor) -> Tensor:
        """Random scores, all different; the third item is not a candidate.  [B] -> [B, I]"""
        scores = toy.random(toy.USERS + 1, toy.ITEMS, seed=8)[users]
        scores[:, 2] = -torch.inf
        return scores

    def lists(self) -> list[list[int]]:
        """What is shown to each of ``USERS``."""
        users = torch.tensor(USERS)
        items = RuleRanker(Rules({"rule": self.make()}), self.context(), self.k)(users, self.scores(users))[0]
        return [[item for item in row if item >= 0] for row in items.tolist()]

    def test_is_a_rule(self) -> None:
        check("rule", self.make())

    def test_lists_are_of_candidates_once_each_and_the_same_twice(self) -> None:
        lists = self.lists()
        for row in lists:
            assert len(set(row)) == len(row), f"an item stands twice on {row}"
            assert 2 not in row, f"{row} has an item that is not a candidate"
        assert self.lists() == lists, "the same model gives other lists the second time"

    def test_allowed_items_alone_are_listed(self) -> None:
        rule = self.make()
        if isinstance(rule, ItemFilter):
            mask = rule.allowed(self.context())
            assert mask.dtype == torch.bool, f"allowed: a mask wanted, {mask.dtype} given"
            assert mask.shape == (toy.ITEMS,), f"allowed: a mask of all items wanted, shape {tuple(mask.shape)} given"
            wrong = [item for row in self.lists() for item in row if not mask[item]]
            assert not wrong, f"items {wrong} are listed and not allowed"
            assert any(self.lists()), "the rule leaves no item of the toy: a case that shows nothing"

    def test_hidden_items_are_not_listed(self) -> None:
        rule = self.make()
        if isinstance(rule, UserFilter):
            for user, row in zip(USERS, self.lists(), strict=True):
                hidden = rule.hidden(self.context(), user)
                assert hidden.dtype == torch.int64, f"hidden: numbers of items in int64 wanted, {hidden.dtype} given"
                assert bool(((hidden >= 0) & (hidden < toy.ITEMS)).all()), f"hidden: items 0 to {toy.ITEMS - 1} wanted"
                assert not set(row) & set(hidden.tolist()), f"user {user} is shown {row}, {hidden.tolist()} is hidden"

    def test_an_order_is_of_the_best_candidates(self) -> None:
        rule, context = self.make(), self.context()
        if isinstance(rule, Reranker):
            for user, shown in zip(USERS, self.lists(), strict=True):
                scores = self.scores(torch.tensor([user]))[0]
                ranked = scores.argsort(descending=True)[: int(scores.isfinite().sum())]
                pool = ranked[: rule.depth]
                for k in (1, self.k, toy.ITEMS):
                    places = rule.order(context, pool, scores[pool], user, k).tolist()
                    assert len(places) == min(k, len(pool)), f"order: {len(places)} places for k={k} of {len(pool)}"
                    assert len(set(places)) == len(places), f"order: a place twice in {places}"
                    assert set(places) <= set(range(len(pool))), f"order: places 0 to {len(pool) - 1} wanted: {places}"
                first = pool[rule.order(context, pool, scores[pool], user, self.k)].tolist()
                assert shown[: len(first)] == first, f"user {user} is shown {shown}, the order is {first}"

    def test_a_cap_is_kept(self) -> None:
        rule = self.make()
        if isinstance(rule, CategoryCap):
            kinds = rule.kinds(self.context())
            assert kinds.shape == (toy.ITEMS,), f"kinds: a number of each item wanted, shape {tuple(kinds.shape)} given"
            for row in self.lists():
                counts = torch.bincount(kinds[row][kinds[row] >= 0].long(), minlength=1)
                assert int(counts.max()) <= rule.most, f"{row} has {int(counts.max())} of a kind, most={rule.most}"

    def test_a_share_is_kept(self) -> None:
        rule = self.make()
        if isinstance(rule, MinimumShare):
            members = rule.members(self.context())
            assert members.dtype == torch.bool, f"members: a mask wanted, {members.dtype} given"
            assert members.shape == (toy.ITEMS,), f"members: a mask of all items wanted, {tuple(members.shape)} given"
            for k in range(1, toy.ITEMS):
                assert 0 <= rule.least(k) <= k, f"least({k})={rule.least(k)}, from 0 to {k} wanted"
            for row in self.lists():
                assert int(members[row].sum()) >= rule.least(self.k), f"{row} has too few: {rule.least(self.k)} wanted"

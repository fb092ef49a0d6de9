"""A finished model with all that it takes to answer: ``served.recommend(["u1", "u2"], k=10)``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ltgnn.evaluation.exact_topk import best_items
from ltgnn.evaluation.metric import HEADLINE
from ltgnn.evaluation.topk import block_users, each_block, top_k
from ltgnn.inference.catalogue import Catalogue
from ltgnn.inference.list_block import ListBlock
from ltgnn.inference.reasons import Reasons
from ltgnn.inference.rule_engine import RuleRanker, Rules
from ltgnn.inference.similarity import By, cosines_with
from ltgnn.io.notebook import card
from ltgnn.scoring.forms import decompose
from ltgnn.scoring.known_items import has_interactions
from ltgnn.tensors.csr import Csr, union_by_user
from ltgnn.types import Groups, Scorer, Split, UserError, as_scorer

if TYPE_CHECKING:
    import polars as pl

    from ltgnn.inference.approximate_lists import ApproximateLists

BLOCK_MIB = 16
MOST = 10_000  # longest list
AnyRules = Rules | RuleRanker | None


@dataclass(frozen=True)
class ServedModel:
    """A scorer, who its users and items are, and what it was trained on.

    Lists exclude the items of the user's train and validation pairs, as the evaluation of the test part does: what
    ``recommend`` returns for a test user is the list that ``metrics.json`` evaluates. Rules change that.

    An unknown user, or one without a train pair whom the model cannot distinguish, gets the most popular items.
    """

    name: str
    scorer: Scorer  # on the CPU
    catalogue: Catalogue
    split: Split
    groups: Groups
    make_features: Callable[[], Tensor | None]  # [I, D]
    card: Mapping[str, Any]  # recipe, data, numbers: plain values
    trained_with_features: bool = True  # False: no part of the run read any, and its items were not encoded
    approximate: ApproximateLists | None = None  # makes the lists without rules; None: they are exact

    def __post_init__(self) -> None:
        object.__setattr__(self, "scorer", as_scorer(self.scorer))

    def __repr__(self) -> str:
        return f"ServedModel({self.name!r}: {self._size}, {len(self.split.train):,} train pairs)"

    def _repr_html_(self) -> str:
        scores = {
            name: f"{value:.4f}" for name in HEADLINE if (value := self.card.get("test", {}).get(name)) is not None
        }
        facts = {"users and items": self._size, "split": self.split.name, "groups": self.groups.rule}
        return card(f"Model {self.name}", facts | scores)

    @cached_property
    def features(self) -> Tensor | None:
        """Item features [I, D], made when they are first asked for."""
        return self.make_features()

    @property
    def recorded_features(self) -> Tensor | None:
        """The same where a part of the run read them, else None: for what is more with them, but can be without."""
        return self.features if self.trained_with_features else None

    @property
    def _size(self) -> str:
        return f"{len(self.catalogue.user_ids):,} users, {self.num_items:,} items"

    @property
    def num_items(self) -> int:
        """Items that there are, candidates or not."""
        return self.split.train.num_items

    @cached_property
    def seen(self) -> Csr:
        """Items of each user's train and validation pairs."""
        return union_by_user([self.split.train, self.split.val], self.split.train.num_users, self.num_items)

    @cached_property
    def bought(self) -> Csr:
        """Items of all of each user's pairs, held out or not."""
        parts = [self.split.train, self.split.val, self.split.test]
        return union_by_user(parts, self.split.train.num_users, self.num_items)

    @cached_property
    def scorable(self) -> Tensor:
        """Items that can be recommended at all.  [I] bool"""
        candidates = self.scorer.candidates
        return torch.ones(self.num_items, dtype=torch.bool) if candidates is None else candidates

    @cached_property
    def popular(self) -> Tensor:
        """The scores of an unknown user: train counts.  [I]"""
        counts = self.split.train.item_counts.float()
        return counts.masked_fill(~has_interactions(counts), -torch.inf)

    @cached_property
    def vectors(self) -> tuple[Tensor, Tensor] | None:
        """Users [U, d] and items [I, d] whose inner product is the score; None where it is more than that."""
        found = decompose(self.scorer)
        if found is None or len(found) != 1 or found[0].factors is None:
            return None
        users, table = found[0].factors
        return users, table.T

    @cached_property
    def reasons(self) -> Reasons:
        """Makes the sentence that comes with a listed item."""
        return Reasons(self.split.train, self.recorded_features, self.catalogue.titles)

    @cached_property
    def score_deviation(self) -> float:
        """Mean standard deviation of a user's scores over the candidates, of at most 100 users evenly spaced."""
        users = self.split.train.num_users
        with torch.no_grad():
            scores = self.scorer(torch.linspace(0, users - 1, min(100, users)).long()).double()[:, self.scorable]
        return float(scores.std(dim=1, correction=0).mean())

    def with_scorer(self, scorer: Scorer) -> ServedModel:
        """The same with other scores; what does not depend on the scores is shared, not made again."""
        made = replace(self, scorer=scorer, approximate=None)
        for name in ("seen", "bought", "popular", "reasons"):
            made.__dict__[name] = getattr(self, name)
        return made

    def with_index(self, kind: str) -> ServedModel:
        """The same with lists from what an index proposes (``ApproximateLists``): ``usearch`` or ``faiss``.

        ``UserError`` where the score is no sum of inner products and sparse item weights.
        """
        from ltgnn.inference.approximate_lists import ApproximateLists

        return replace(self, approximate=ApproximateLists(self.scorer, kind, BLOCK_MIB))

    def is_known(self, user: int) -> bool:
        """Whether the model has personal scores for this user."""
        return user >= 0 and bool(self.split.train.user_counts[user] > 0)

    def recommend(
        self, users: Sequence[str] | None = None, k: int = 10, rules: AnyRules = None, reasons: bool = True
    ) -> pl.DataFrame:
        """The ``k`` best items of each user (None: of all), a row each.

        Columns: user, rank (from 1), item, score, title, group, reason. A user's list is shorter than ``k`` only where
        candidates run out.
        """
        import polars as pl

        names = self.catalogue.user_ids if users is None else users
        frames = [block.frame(self, reasons) for block in self.blocks(names, k, rules)]
        return (
            pl.concat(frames) if frames else ListBlock([], torch.empty(0, dtype=torch.int64), None).frame(self, reasons)
        )

    def blocks(self, users: Iterable[str], k: int = 10, rules: AnyRules = None) -> Iterator[ListBlock]:
        """The same as a stream: as many users as there are, a block of them in memory at a time."""
        if isinstance(users, str | bytes) or not isinstance(users, Iterable):
            raise UserError(f"users={users!r} given, a list of ids wanted: [{users!r}].")
        if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MOST:
            raise UserError(f"k={k} given, a list length from 1 to {MOST:,} wanted.")
        if not isinstance(rules, AnyRules):
            raise UserError(f"rules={rules!r:.100} given; ltgnn.inference.rule_engine.Rules({{...}}) or None wanted.")
        ruled = rules if isinstance(rules, RuleRanker) else RuleRanker(rules or Rules({}), self, k)
        if ruled.k != k:
            raise UserError(
                f"k={k} given with rules that were made for lists of {ruled.k}: RuleRanker(rules, model, {k})"
            )
        stream, size = iter(users), block_users(self.num_items, BLOCK_MIB)
        size *= max(1, 8192 // size)
        while names := list(islice(stream, size)):
            yield self._block(names, ruled)

    def _block(self, names: list[str], ruled: RuleRanker) -> ListBlock:
        if wrong := [name for name in names if not isinstance(name, str)]:
            raise UserError(f"users: {wrong[0]!r} given, ids as text wanted: '{wrong[0]}'.")
        numbers = self.catalogue.users(names)
        has_history = torch.tensor([self.is_known(user) for user in numbers.tolist()])
        items = torch.full((len(names), ruled.k), -1, dtype=torch.int64)
        scores = torch.full((len(names), ruled.k), -torch.inf)
        known = torch.nonzero(has_history)[:, 0]

        def keep(rows: slice, block: Tensor) -> None:
            places = known[rows]
            items[places], scores[places] = ruled(numbers[places], block)

        if known.numel() and not ruled.counts:
            if self.approximate is not None:
                best = self.approximate.lists(numbers[known], self.seen, ruled.k)
            else:
                best = top_k(self.scorer, numbers[known], self.seen, self.num_items, ruled.k, BLOCK_MIB)
            items[known], scores[known] = best.items, best.scores
        elif known.numel():
            each_block(self.scorer, numbers[known], self.seen, self.num_items, BLOCK_MIB, "cpu", keep)
        for rows in torch.nonzero(~has_history)[:, 0].split(block_users(self.num_items, BLOCK_MIB)):
            items[rows], scores[rows] = ruled(numbers[rows], self.popular.repeat(len(rows), 1))
        return ListBlock(names, torch.where(has_history, numbers, -1), (items, scores))

    def similar(self, item: str, k: int = 10, by: By | None = None) -> pl.DataFrame:
        """The ``k`` items nearest to one, a row each: item, cosine, title, group.

        ``by``: "model", cosine of the item vectors that rank; "features", of the item features; "users", of the sets of
        users. None: the first of these that this model has.
        """
        import polars as pl

        number = self.catalogue.item(item)
        chosen = by or ("model" if self.vectors else "users" if self.recorded_features is None else "features")
        vectors = None if self.vectors is None else self.vectors[1]
        cosines = cosines_with(
            number, chosen, self.split.train, self.features if chosen == "features" else None, vectors
        )
        cosines[number] = -torch.inf
        found, values = best_items(cosines[None], min(k, self.num_items - 1))
        rows = found[0].tolist()
        return pl.DataFrame(
            {
                "rank": range(1, len(rows) + 1),
                "item": [self.catalogue.item_ids[row] for row in rows],
                "cosine": values[0].tolist(),
                "title": [self.catalogue.titles[row] for row in rows],
                "group": [self.group(row) for row in rows],
                "by": [chosen] * len(rows),
            }
        )

    def group(self, item: int) -> str:
        """Head, mid, tail or cold."""
        return self.groups.names[int(self.groups.labels[item])]

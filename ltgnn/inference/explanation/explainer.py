"""Why a user gets an item: summands that add up to the score, similar items of the history, and shared words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import log
from typing import Any

import torch
from torch.nn import functional as F

from ltgnn.evaluation.topk import each_block
from ltgnn.inference.explanation.kind_shares import KindShares, Measure
from ltgnn.inference.explanation.terms import merge_terms, terms
from ltgnn.inference.search.bm25 import words
from ltgnn.inference.served_model import BLOCK_MIB, ServedModel
from ltgnn.io.notebook import grid
from ltgnn.io.pluralize import pluralize
from ltgnn.types import LinearTerms, Term, UserError

HEADS = ("adds", "item", "title", "group")
"""Columns of an explanation in a notebook."""

TOLERANCE = 1e-4
"""Between the sum of the summands (float64) and the model's score (float32), as a share of their sizes."""


@dataclass(frozen=True)
class Line:
    """A summand of the score: an item of the history, or a label."""

    item: str  # "" where it is none
    title: str
    group: str
    value: float
    by: dict[str, float]  # sums to ``value``


@dataclass(frozen=True)
class SimilarItem:
    """An item of the history with similar features or words."""

    item: str
    title: str
    cosine: float | None  # of the texts; None: the run has no item features
    words: list[str]  # in both texts, rare ones first


@dataclass(frozen=True)
class Explanation:
    """Plain values; ``lines`` sum to ``score`` up to the rounding of float32, unless ``sums`` is False."""

    user: str
    item: str
    title: str
    group: str
    score: float  # of the model, in float32
    total: float  # of the lines, in float64
    rank: int | None  # among the user's candidates; None: the user has the item already
    lines: list[Line]
    by: dict[str, float]  # sums over all lines
    alike: list[SimilarItem]
    note: str
    sums: bool = True  # False: the model is not linear, and its lines only come near the score
    kinds: KindShares | None = None  # by kind of features; None: the model reads none

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __repr__(self) -> str:
        place = "owned" if self.rank is None else f"place {self.rank:,}"
        head = f"Explanation: item {self.item} {self.title} for user {self.user}: score {self.score:.4f}, {place}"
        return "\n".join([head, *(f"  {line.value:+.4f}  {line.title}" for line in self.lines[:12])])

    def _repr_html_(self) -> str:
        rows = [[f"{line.value:+.4f}", line.item, line.title, line.group] for line in self.lines]
        shares = self.kinds.shares if self.kinds is not None else []
        rows += [[f"{share.value:+.4f}", "", f"by kind of features: {share.name}", ""] for share in shares]
        return grid(f"Item {self.item} {self.title} for user {self.user}: {self.score:.4f}", HEADS, rows)


class Explainer:
    """Explains scores of one model. ``linear``: of a graph model; ``texts``: the items' texts, [] where there are none.

    ``refusal``: why the model's own part cannot be split, raised when an explanation is requested. ``sums``: whether
    the terms are to sum to the score. ``kinds``: measures what each kind of features adds; with it, a score that cannot
    be split over the history is one line.
    """

    def __init__(
        self,
        served: ServedModel,
        linear: LinearTerms | None,
        texts: Sequence[str],
        note: str = "",
        refusal: str = "",
        sums: bool = True,
        kinds: Measure | None = None,
    ) -> None:
        self.served, self.linear, self.texts, self.note, self.refusal = served, linear, texts, note, refusal
        self.sums, self.kinds = sums, kinds

    def on(self, served: ServedModel) -> Explainer:
        """The same for a model that differs in its score adjustments."""
        rest = self.linear, self.texts, self.note, self.refusal, self.sums, self.kinds
        return self if served is self.served else Explainer(served, *rest)

    def __call__(self, user: str, item: str, k: int = 10) -> Explanation:
        """The ``k`` largest summands, the others as one; ``UserError`` for who or what the model does not know."""
        served, catalogue = self.served, self.served.catalogue
        u, i = catalogue.user(user), catalogue.item(item)
        if not served.is_known(u):
            raise UserError(f"user={user} has no train interaction: the list is that of the most popular items.")
        if not bool(served.scorable[i]):
            raise UserError(
                f"item={item} is not scorable by this model: no train interaction, and no features that it reads."
            )
        if self.refusal and self.kinds is None:
            raise UserError(self.refusal)
        scores, kinds = self._scores(u), None if self.kinds is None else self.kinds(served.scorer, u, i)
        unsplit = Term(None, "the score, not split over the history", {"score": float(scores[i])})
        found = [unsplit] if self.refusal else merge_terms(terms(served.scorer, u, i, self.linear))
        score, total = float(scores[i]), sum(term.value for term in found)
        size = max(1e-3, abs(score), max((abs(term.value) for term in found), default=0.0))
        if self.sums and abs(score - total) > TOLERANCE * size:
            raise UserError(
                f"the summands ({total:.6g}) do not give the score ({score:.6g}): this model ranks in a way that is "
                "not split yet."
            )
        offsets, seen = served.seen
        mine = seen[offsets[u] : offsets[u + 1]]
        rank = None
        if i not in mine.tolist():
            scores[mine] = -torch.inf
            rank = 1 + int((scores > scores[i]).sum()) + int((scores[:i] == scores[i]).sum())
        shown = found if len(found) <= k + 1 else [*found[:k], combine_others(found[k:])]
        return Explanation(
            user, item, catalogue.titles[i], served.group(i), score, total, rank,
            [self._line(term) for term in shown], _sums(found), self._similar_history(u, i, k),
            self.note or self.refusal, self.sums, kinds,
        )  # fmt: skip

    def _scores(self, user: int) -> torch.Tensor:
        """Scores of all items [I], bit for bit those that lists are made of."""
        nothing = torch.zeros(len(self.served.catalogue.user_ids) + 1, dtype=torch.int64), torch.zeros(0).long()
        kept: list[torch.Tensor] = []
        each_block(self.served.scorer, torch.tensor([user]), nothing, self.served.num_items, BLOCK_MIB, "cpu",
                   lambda rows, block: kept.append(block[0].clone()))  # fmt: skip
        return kept[0]

    def _line(self, term: Term) -> Line:
        if term.item is None:
            return Line("", term.name, "", term.value, term.by)
        catalogue = self.served.catalogue
        group = self.served.group(term.item)
        return Line(catalogue.item_ids[term.item], catalogue.titles[term.item], group, term.value, term.by)

    def _similar_history(self, user: int, item: int, k: int) -> list[SimilarItem]:
        """Items of the history by the cosine of their texts; without features, by the words they share."""
        offsets, items = self.served.split.train.by_user
        history = [j for j in items[offsets[user] : offsets[user + 1]].tolist() if j != item]
        features = self.served.recorded_features
        if not history or (features is None and not self.texts):
            return []
        shared = [self._shared_words(item, j) for j in history]
        if features is None:
            cosines: list[float | None] = [None] * len(history)
            order = sorted(range(len(history)), key=lambda n: -sum(self._rarity(word) for word in shared[n]))
        else:
            unit = F.normalize(features[[item, *history]].float(), dim=1)
            near = (unit[1:] @ unit[0]).tolist()
            cosines = list(near)
            order = sorted(range(len(history)), key=lambda n: -near[n])
        ids, titles = self.served.catalogue.item_ids, self.served.catalogue.titles
        found = [SimilarItem(ids[history[n]], titles[history[n]], cosines[n], shared[n][:8]) for n in order[:k]]
        return [a for a in found if a.cosine is not None or a.words]

    @cached_property
    def _counts(self) -> Counter[str]:
        """Document frequency of each word."""
        return Counter(word for text in self.texts for word in set(words(text)))

    def _rarity(self, word: str) -> float:
        return log(len(self.texts) / max(1, self._counts[word]))

    def _shared_words(self, one: int, other: int) -> list[str]:
        """Words of both texts that not every fourth text has, rare ones first."""
        if not self.texts:
            return []
        both = set(words(self.texts[one])) & set(words(self.texts[other]))
        telling = [word for word in both if self._counts[word] <= max(2, len(self.texts) // 4)]
        return sorted(telling, key=lambda word: (-self._rarity(word), word))


def _sums(found: Sequence[Term]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for term in found:
        for name, value in term.by.items():
            sums[name] = sums.get(name, 0.0) + value
    return sums


def combine_others(found: Sequence[Term]) -> Term:
    return Term(None, f"{pluralize(len(found), 'other')} combined", _sums(found))

"""Single rules: which items may be listed, how many of a kind, and what a varied list is."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor
from torch.nn import functional as F

from ltgnn.inference.rule import RuleContext
from ltgnn.types import UserError

DAY = 86400.0  # seconds


class Available:
    """Items whose id is in ``file``, an id a line."""

    def __init__(self, file: str) -> None:
        self.file = Path(file)

    def allowed(self, context: RuleContext) -> Tensor:
        """[I] bool"""
        if not self.file.is_file():
            raise UserError(f"rules: the file of available items {self.file} is not there.")
        stock = set(self.file.read_text(encoding="utf-8-sig").split("\n"))
        stock = {line.strip() for line in stock}
        return torch.tensor([item in stock for item in context.catalogue.item_ids])


class Price:
    """Items with ``least <= column <= most``; one without a price is left out."""

    def __init__(self, column: str, least: float | None, most: float | None) -> None:
        self.column = column
        self.least = None if least is None else _check_range("least price", least)
        self.most = None if most is None else _check_range("greatest price", most)

    def allowed(self, context: RuleContext) -> Tensor:
        """[I] bool"""
        price = context.catalogue.number(self.column)
        least = -math.inf if self.least is None else self.least
        most = math.inf if self.most is None else self.most
        return (price >= least) & (price <= most)


class Category:
    """Items with a category of ``include`` (empty: any) and none of ``exclude``; a cell is cut at ``separators``."""

    def __init__(self, column: str, separators: str, include: Sequence[str], exclude: Sequence[str]) -> None:
        self.column, self.separators = column, separators
        self.include, self.exclude = set(include), set(exclude)

    def allowed(self, context: RuleContext) -> Tensor:
        """[I] bool"""
        names = [set(row) for row in categories(context, self.column, self.separators)]
        return torch.tensor([bool(row & self.include or not self.include) and not row & self.exclude for row in names])


class Fresh:
    """Items whose first train interaction is at most ``days`` before the last of all; needs times in seconds."""

    def __init__(self, days: Annotated[float, Ge(0)]) -> None:
        self.days = _check_range("number of days", days, 0)

    def allowed(self, context: RuleContext) -> Tensor:
        """[I] bool"""
        train = context.split.train
        if train.times is None:
            raise UserError("rules: freshness needs the times of interactions, and this data has none.")
        span = float(train.times.max() - train.times.min())
        if span < DAY:
            raise UserError(
                f"rules: freshness needs times in seconds, but all times of this data lie within {span:g}: they are "
                "positions in an order, or a single day."
            )
        first = torch.full((train.num_items,), -torch.inf, dtype=torch.float64)
        first.scatter_reduce_(0, train.items, train.times.double(), "amin", include_self=False)
        return first >= train.times.max() - self.days * DAY


class AlreadyBought:
    """Leaves out all that the user has in any part of the data, held out or not."""

    def hidden(self, context: RuleContext, user: int) -> Tensor:
        """Item numbers [n] that this user (-1: unknown) is not shown."""
        offsets, items = context.bought
        return items[offsets[user] : offsets[user + 1]] if user >= 0 else items[:0]


class Cap:
    """At most ``most`` items of a category on a list; an item counts for the ``level``-th of its categories.

    ``level`` 0 is the first, -1 the last; items without a category are not limited.
    """

    def __init__(self, column: str, separators: str, level: int, most: Annotated[int, Ge(1)]) -> None:
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            raise UserError(
                f"rules: a cap of {most} given, expected a whole number of at least 1 (to omit a category: exclude)."
            )
        self.column, self.separators, self.level, self.most = column, separators, level, most

    def kinds(self, context: RuleContext) -> Tensor:
        """Number of each item's category [I], -1 for none."""
        numbers: dict[str, int] = {}
        rows = categories(context, self.column, self.separators)
        chosen = [row[max(-len(row), min(self.level, len(row) - 1))] if row else None for row in rows]
        return torch.tensor([-1 if c is None else numbers.setdefault(c, len(numbers)) for c in chosen])


class TailShare:
    """At least ``ceil(share k)`` items of the ``groups`` on every list."""

    def __init__(self, share: Annotated[float, Ge(0), Le(1)], groups: str | Sequence[str]) -> None:
        self.share = _check_range("tail share", share, 0, 1)
        self.groups = (groups,) if isinstance(groups, str) else tuple(groups)

    def members(self, context: RuleContext) -> Tensor:
        """[I] bool"""
        names = context.groups.names
        if unknown := [group for group in self.groups if group not in names]:
            raise UserError(
                f"rules: unknown group '{unknown[0]}' of the policy {context.groups.policy}, which has "
                f"{', '.join(names)}: fix `groups` of the rule."
            )
        wanted = torch.tensor([name in self.groups for name in names])
        return wanted[context.groups.labels.long()]

    def least(self, k: int) -> int:
        return math.ceil(round(self.share * k, 6))


class MMR:
    """Greedy ``(1 - weight) s'(i) - weight max over chosen j of cos(text_i, text_j)``, ``s'`` the score in 0..1.

    Maximal marginal relevance: Carbonell & Goldstein (SIGIR 1998), among the ``depth`` best items.
    """

    def __init__(self, weight: Annotated[float, Ge(0), Le(1)], depth: Annotated[int, Ge(1)]) -> None:
        self.weight, self.depth = _check_range("weight of MMR", weight, 0, 1), depth

    def order(self, context: RuleContext, items: Tensor, scores: Tensor, user: int, k: int) -> Tensor:
        """Candidates [n] best first, their scores [n] -> places [min(k, n)] in the order of choice."""
        if context.features is None:
            raise UserError("rules: MMR needs item features, and this run has none (features=none).")
        unit = F.normalize(context.features[items].float(), dim=1)
        relevance, likeness = scale_scores(scores), torch.zeros(len(items))
        chosen: list[int] = []
        for _ in range(min(k, len(items))):
            value = (1 - self.weight) * relevance - self.weight * likeness
            value[chosen] = -torch.inf
            best = int(value.argmax())
            likeness = unit @ unit[best] if not chosen else torch.maximum(likeness, unit @ unit[best])
            chosen.append(best)
        return torch.tensor(chosen, dtype=torch.int64)


class XQuAD:
    """Greedy ``(1 - weight) s'(i) + weight sum over c of p(c|u) [i in c] prod over chosen j of (1 - [j in c])``.

    ``c`` is the groups of ``tail`` or the rest, ``p(c|u)`` its share of the user's train items. Binary xQuAD of
    Abdollahpouri et al., "Managing popularity bias in recommender systems with personalized re-ranking" (FLAIRS 2019).
    """

    def __init__(
        self, weight: Annotated[float, Ge(0), Le(1)], depth: Annotated[int, Ge(1)], tail: str | Sequence[str]
    ) -> None:
        self.weight, self.depth = _check_range("weight of xQuAD", weight, 0, 1), depth
        self.tail = TailShare(0, tail)

    def order(self, context: RuleContext, items: Tensor, scores: Tensor, user: int, k: int) -> Tensor:
        """As ``MMR.order``."""
        members = self.tail.members(context)
        mine, offsets = context.split.train.by_user[1], context.split.train.by_user[0]
        history = members[mine[offsets[user] : offsets[user + 1]]] if user >= 0 else members[:0]
        share = float(history.float().mean()) if len(history) else 0.0
        inside, relevance = members[items], scale_scores(scores)
        wish = torch.where(inside, share, 1 - share)
        open_tail, open_head = 1.0, 1.0
        chosen: list[int] = []
        for _ in range(min(k, len(items))):
            value = (1 - self.weight) * relevance + self.weight * wish * torch.where(inside, open_tail, open_head)
            value[chosen] = -torch.inf
            best = int(value.argmax())
            chosen.append(best)
            open_tail, open_head = (0.0, open_head) if inside[best] else (open_tail, 0.0)
        return torch.tensor(chosen, dtype=torch.int64)


def scale_scores(scores: Tensor) -> Tensor:
    """Scores between 0 and 1; all 1 where they are equal.  [n]"""
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else torch.ones_like(scores)


def categories(context: RuleContext, column: str, separators: str) -> list[list[str]]:
    """Names in each item's cell, in their order.  I lists"""
    separator = re.compile(f"[{re.escape(separators)}]")
    return [
        [name for part in separator.split(cell) if (name := part.strip())] for cell in context.catalogue.column(column)
    ]


def _check_range(what: str, value: float, least: float = -math.inf, most: float = math.inf) -> float:
    """``value``, a number from ``least`` to ``most``; ``UserError`` for anything else, NaN included."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        bounds = f" from {least:g} to {most:g}" if most < math.inf else f" of at least {least:g}" if least == 0 else ""
        raise UserError(f"rules: a {what} of {value} given, a number{bounds} wanted.")
    return value

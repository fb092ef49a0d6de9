"""Business rules at work: what the shop wants of a list, applied after scoring, each reported."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ltgnn.evaluation.exact_topk import best_items
from ltgnn.inference.rule import ItemFilter, Limit, Reranker, Share, UserFilter, check
from ltgnn.types import Mistake

if TYPE_CHECKING:
    from ltgnn.inference.served_model import Served


class Rules:
    """Named rules (``ltgnn.serving.rules``, or your own: ``ltgnn.inference.rule``); one that is None is left out.

    Items that a rule forbids go first, then the list is ordered anew (MMR, xQuAD), then limits are kept (caps, least
    tail share): of all lists within the limits, the one that is first by this order. ``Mistake`` names what is no rule.
    """

    def __init__(self, rules: Mapping[str, object]) -> None:
        if not isinstance(rules, Mapping):
            raise Mistake(f"rules: a {type(rules).__name__} given, a dict wanted: Rules({{'tail': TailShare(...)}}).")
        self.rules = {name: rule for name, rule in rules.items() if rule is not None}
        for name, rule in self.rules.items():
            check(name, rule)

    def with_share(self, rule: Share | None) -> Rules:
        """The same rules with another least share, or without any; it takes the name of the one that it replaces."""
        names = [name for name, old in self.rules.items() if isinstance(old, Share)] or ["tail"]
        others = {name: old for name, old in self.rules.items() if name not in names}
        return Rules({**others, names[0]: rule})


Kept = dict[tuple[int, str], tuple[object, Tensor]]
"""What a rule said of all items, by the rule's id and method; the rule itself is kept so that its id stays its own."""


class Ruled:
    """Rules at work on one model: scores -> lists of length ``k``. ``Mistake`` names those that clash.

    ``kept``: what filters and caps said of all items of this model, taken from there and put there; None: asked anew.
    """

    def __init__(self, rules: Rules, served: Served, k: int, kept: Kept | None = None) -> None:
        self.served, self.k = served, k
        known: Kept = {} if kept is None else kept

        def once(name: str, rule: object, method: str) -> Tensor:
            if (id(rule), method) not in known:
                table = getattr(rule, method)(served)
                known[id(rule), method] = rule, _checked(table, name, method, served.num_items)
            return known[id(rule), method][1]

        every = rules.rules.items()
        self.masks = {n: once(n, r, "allowed") for n, r in every if isinstance(r, ItemFilter)}
        self.hidden = {n: r for n, r in every if isinstance(r, UserFilter)}
        self.orders = {n: r for n, r in every if isinstance(r, Reranker)}
        self.caps = {n: (once(n, r, "kinds"), r.most) for n, r in every if isinstance(r, Limit)}
        self.shares = {
            n: (_checked(r.members(served), n, "members", served.num_items), r.least(k))
            for n, r in every if isinstance(r, Share)
        }  # fmt: skip
        if len(self.caps) > 1 or len(self.shares) > 1:
            raise Mistake("rules: one cap and one tail share at most; this set has more.")
        self.lock, self.lists, self.short = Lock(), 0, 0
        self.counts = dict.fromkeys(rules.rules, 0)
        self._refuse_clashes(list(rules.rules))

    def __call__(self, users: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Users [b] and scores [b, I], -inf for no candidate -> items [b, k] (-1 past the end), scores [b, k]."""
        if not self.counts:
            return best_items(scores, self.k)
        items, values = torch.full((len(users), self.k), -1), torch.full((len(users), self.k), -torch.inf)
        for row, user in enumerate(users.tolist()):
            chosen = self._list(user, scores[row])
            items[row, : len(chosen)], values[row, : len(chosen)] = chosen, scores[row, chosen]
        return items, values

    def report(self) -> list[tuple[str, int, str]]:
        """Of each rule: name, number, and what is counted; then lists that the rules left shorter or unmet."""
        moving = {*self.orders, *self.caps, *self.shares}
        said = [
            (name, n, f"place{'s' * (n != 1)} changed" if name in moving
             else f"item{'s' * (n != 1)} removed from the lists without rules")
            for name, n in self.counts.items()
        ]  # fmt: skip
        of = f"of {self.lists} list{'s' * (self.lists != 1)}"
        kept = self.lists - self.short, f"{of} keep{'s' * (self.lists == 1)} all rules"
        short = self.short, f"{of} cannot keep all rules: too few items fit"
        return [*said, ("all rules", *(short if self.short else kept))]

    def _list(self, user: int, scores: Tensor) -> Tensor:
        plain = best_items(scores[None], self.k)[0][0]
        plain = plain[plain >= 0]
        mask, counts = torch.isfinite(scores), {}
        for name, allowed in self.masks.items():
            counts[name] = int((~allowed[plain]).sum())
            mask = mask & allowed
        for name, filter_ in self.hidden.items():
            gone = filter_.hidden(self.served, user)
            counts[name] = int(torch.isin(plain, gone).sum())
            mask[gone] = False
        ranked = torch.argsort(scores.masked_fill(~mask, -torch.inf), descending=True, stable=True)[: int(mask.sum())]
        for name, reranker in self.orders.items():
            pool = ranked[: reranker.depth]
            if len(pool):
                first = pool[reranker.order(self.served, pool, scores[pool], user, self.k)]
                changed = torch.cat([first, ranked[~torch.isin(ranked, first)]])
                counts[name] = int((changed[: self.k] != ranked[: self.k]).sum())
                ranked = changed
        chosen, met = self._limited(ranked)
        moved = int((chosen != ranked[: len(chosen)]).sum())
        with self.lock:
            self.lists, self.short = self.lists + 1, self.short + (not met or len(chosen) < min(self.k, len(plain)))
            for name in [*self.caps, *self.shares]:
                counts[name] = moved
            for name, number in counts.items():
                self.counts[name] += number
        return chosen

    def _limited(self, ranked: Tensor) -> tuple[Tensor, bool]:
        """The first list in the order of ``ranked`` that keeps the limits, and whether there was one.

        Each item is taken if the list can still be completed with it. One category an item makes that a count: lists
        within caps are the independent sets of a partition matroid, so a set of ``t`` tail items extends to any length
        that the caps allow.
        """
        if not self.caps and not self.shares:
            return ranked[: self.k], True
        kinds, most = next(iter(self.caps.values()), (torch.full((self.served.num_items,), -1), self.k))
        tail, least = next(iter(self.shares.values()), (torch.zeros(self.served.num_items, dtype=torch.bool), 0))
        kind, rare = kinds[ranked], tail[ranked]
        size = min(self.k, room(kind, most))
        wanted = min(least, size, room(kind[rare], most))
        met = wanted == least
        used: dict[int, int] = {}
        chosen: list[int] = []
        rows = list(zip(ranked.tolist(), kind.tolist(), rare.tolist(), strict=True))
        left: dict[int, int] = {}  # tail items of each kind from here on
        for _, c, r in rows:
            left[c] = left.get(c, 0) + r
        for item, c, r in rows:
            if len(chosen) == size:
                break
            left[c] -= r
            if c >= 0 and used.get(c, 0) >= most:
                continue
            need = wanted - r
            if need > 0:
                free = {**used, c: used.get(c, 0) + 1}
                reach = sum(n if d < 0 else min(n, most - free.get(d, 0)) for d, n in left.items())
                if size - len(chosen) - 1 < need or reach < need:
                    continue
            chosen.append(item)
            used[c] = used.get(c, 0) + 1
            wanted = max(need, 0)
        return torch.tensor(chosen, dtype=torch.int64), met

    def _refuse_clashes(self, names: list[str]) -> None:
        """``Mistake`` naming a smallest set of rules that no list of this catalogue keeps."""
        if self._possible(names):
            return
        clash = list(names)
        for name in names:
            fewer = [other for other in clash if other != name]
            if not self._possible(fewer):
                clash = fewer
        raise Mistake(
            f"rules: no list of {self.k} items keeps {' and '.join(clash)}"
            f"{' (it leaves too few items)' if len(clash) == 1 else ' at once'}: "
            "loosen one of them, or ask for a smaller k."
        )

    def _possible(self, names: list[str]) -> bool:
        mask = self.served.scorable.clone()
        for name in names:
            mask &= self.masks.get(name, torch.ones_like(mask))
        kinds, most = next((self.caps[n] for n in names if n in self.caps), (torch.full((len(mask),), -1), self.k))
        tail, least = next((self.shares[n] for n in names if n in self.shares), (mask, 0))
        size = min(self.k, int(self.served.scorable.sum()))
        return room(kinds[mask], most) >= size and room(kinds[mask & tail], most) >= least


def room(kinds: Tensor, most: int) -> int:
    """How many of some items a list can hold: ``most`` of each kind, any number of kind -1.  [n] -> int"""
    limited = torch.bincount(kinds[kinds >= 0]) if bool((kinds >= 0).any()) else torch.zeros(0, dtype=torch.int64)
    return int(limited.clamp_max(most).sum()) + int((kinds < 0).sum())


def _checked(table: object, name: str, method: str, num_items: int) -> Tensor:
    """What a rule says of the items: [I] bool, of ``kinds`` [I] whole numbers."""
    fits = isinstance(table, Tensor) and table.shape == (num_items,) and not table.is_floating_point()
    if isinstance(table, Tensor) and fits and (table.dtype == torch.bool) != (method == "kinds"):
        return table
    given = f"{list(table.shape)} of {table.dtype}" if isinstance(table, Tensor) else type(table).__name__
    what = "a whole number" if method == "kinds" else "true or false (torch.bool)"
    raise Mistake(f"rules: {name}.{method} gives {given}; {what} for each of the {num_items:,} items wanted.")

"""Business rules on lists, applied after scoring, each reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock

import torch
from torch import Tensor

from ltgnn.evaluation.exact_topk import best_items
from ltgnn.inference.limits import find_list, is_possible
from ltgnn.inference.rule import CategoryCap, ItemFilter, MinimumShare, Reranker, RuleContext, UserFilter, check
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError


class Rules:
    """Named rules (``ltgnn.serving.rules``, or your own: ``ltgnn.inference.rule``); one that is None is left out.

    Items that a rule forbids go first, then the list is ordered anew (MMR, xQuAD), then limits are kept (caps, least
    shares; any number of each): of all lists within the limits, the one that is first by this order. ``UserError``
    names what is not a rule.
    """

    def __init__(self, rules: Mapping[str, object]) -> None:
        if not isinstance(rules, Mapping):
            raise UserError(f"rules: a {type(rules).__name__} given, a dict wanted: Rules({{'tail': TailShare(...)}}).")
        self.rules = {name: rule for name, rule in rules.items() if rule is not None}
        for name, rule in self.rules.items():
            check(name, rule)

    def __repr__(self) -> str:
        return f"Rules({', '.join(f'{name}={type(rule).__name__}' for name, rule in self.rules.items())})"

    @property
    def share(self) -> tuple[str, MinimumShare] | None:
        """Name and rule of the first least share; None where there is none."""
        return next(((name, rule) for name, rule in self.rules.items() if isinstance(rule, MinimumShare)), None)

    def with_share(self, rule: MinimumShare | None) -> Rules:
        """The same rules with another first least share under its name, or (None) without it."""
        name = self.share[0] if self.share else "tail"
        return Rules({**self.rules, name: rule})


RuleCache = dict[tuple[int, str], tuple[object, Tensor]]
"""Answers of rules about all items, by the rule's id and method; the rule is kept so that its id stays unique."""


class RuleRanker:
    """Rules at work on one model: scores -> lists of length ``k``. ``UserError`` names those that clash.

    ``kept``: cache of the answers of filters and caps about all items of this model; None: no cache.
    """

    def __init__(self, rules: Rules, context: RuleContext, k: int, kept: RuleCache | None = None) -> None:
        self.context, self.k = context, k
        known: RuleCache = {} if kept is None else kept

        def ask_once(name: str, rule: object, method: str, ask: Callable[[RuleContext], Tensor]) -> Tensor:
            if (id(rule), method) not in known:
                table = ask(context)
                known[id(rule), method] = rule, check_answer(table, name, method, context.num_items)
            return known[id(rule), method][1]

        every = rules.rules.items()
        self.masks = {n: ask_once(n, r, "allowed", r.allowed) for n, r in every if isinstance(r, ItemFilter)}
        self.hidden = {n: r for n, r in every if isinstance(r, UserFilter)}
        self.orders = {n: r for n, r in every if isinstance(r, Reranker)}
        self.caps = {n: (ask_once(n, r, "kinds", r.kinds), r.most) for n, r in every if isinstance(r, CategoryCap)}
        self.shares = {
            n: (check_answer(r.members(context), n, "members", context.num_items), r.least(k))
            for n, r in every if isinstance(r, MinimumShare)
        }  # fmt: skip
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
        of = f"of {pluralize(self.lists, 'list')}"
        kept = self.lists - self.short, f"{of} {'satisfies' if self.lists == 1 else 'satisfy'} all rules"
        short = self.short, f"{of} cannot satisfy all rules: too few items fit"
        return [*said, ("all rules", *(short if self.short else kept))]

    def _list(self, user: int, scores: Tensor) -> Tensor:
        plain = best_items(scores[None], self.k)[0][0]
        plain = plain[plain >= 0]
        mask, counts = torch.isfinite(scores), {}
        for name, allowed in self.masks.items():
            counts[name] = int((~allowed[plain]).sum())
            mask = mask & allowed
        for name, filter_ in self.hidden.items():
            gone = filter_.hidden(self.context, user)
            counts[name] = int(torch.isin(plain, gone).sum())
            mask[gone] = False
        ranked = torch.argsort(scores.masked_fill(~mask, -torch.inf), descending=True, stable=True)[: int(mask.sum())]
        for name, reranker in self.orders.items():
            pool = ranked[: reranker.depth]
            if len(pool):
                first = pool[reranker.order(self.context, pool, scores[pool], user, self.k)]
                changed = torch.cat([first, ranked[~torch.isin(ranked, first)]])
                counts[name] = int((changed[: self.k] != ranked[: self.k]).sum())
                ranked = changed
        chosen, met = find_list(ranked, [*self.caps.values()], [*self.shares.values()], self.k)
        moved = int((chosen != ranked[: len(chosen)]).sum())
        with self.lock:
            self.lists, self.short = self.lists + 1, self.short + (not met or len(chosen) < min(self.k, len(plain)))
            for name in [*self.caps, *self.shares]:
                counts[name] = moved
            for name, number in counts.items():
                self.counts[name] += number
        return chosen

    def _refuse_clashes(self, names: list[str]) -> None:
        """``UserError`` naming a smallest set of rules that no list of this catalogue satisfies."""
        if self._find_possible(names):
            return
        clash = list(names)
        for name in names:
            fewer = [other for other in clash if other != name]
            if not self._find_possible(fewer):
                clash = fewer
        raise UserError(
            f"rules: no list of {pluralize(self.k, 'item')} satisfies {' and '.join(clash)}"
            f"{' (it leaves too few items)' if len(clash) == 1 else ' at once'}: "
            "relax one of them, or set a smaller k."
        )

    def _find_possible(self, names: list[str]) -> bool:
        mask = self.context.scorable.clone()
        for name in names:
            mask &= self.masks.get(name, torch.ones_like(mask))
        caps = [self.caps[name] for name in names if name in self.caps]
        shares = [self.shares[name] for name in names if name in self.shares]
        size = min(self.k, int(self.context.scorable.sum()))
        return is_possible(torch.nonzero(mask)[:, 0], caps, shares, size)


def check_answer(table: object, name: str, method: str, num_items: int) -> Tensor:
    """The answer of a rule about the items: [I] bool, of ``kinds`` [I] whole numbers."""
    fits = isinstance(table, Tensor) and table.shape == (num_items,) and not table.is_floating_point()
    if isinstance(table, Tensor) and fits and (table.dtype == torch.bool) != (method == "kinds"):
        return table
    given = f"{list(table.shape)} of {table.dtype}" if isinstance(table, Tensor) else type(table).__name__
    what = "a whole number" if method == "kinds" else "true or false (torch.bool)"
    raise UserError(f"rules: {name}.{method} gives {given}; {what} for each of the {num_items:,} items wanted.")

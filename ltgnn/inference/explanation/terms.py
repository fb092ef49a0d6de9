"""Any score that is a sum, as its summands: over the user's history, over members, over what is said to everybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ltgnn.inference.explanation.linear import LinearScore, Term
from ltgnn.scoring.ensemble import Blended
from ltgnn.scoring.masked import Restricted
from ltgnn.scoring.scorers import Constant, Divisible, Inner, PerHistory, Total
from ltgnn.types import Mistake, Scorer


def terms(scorer: Scorer, user: int, item: int, linear: LinearScore | None) -> list[Term]:
    """Summands of ``scorer(user)[item]``. ``linear``: what takes the inner product of a graph model apart.

    Raises ``Mistake`` where the score is no sum of this kind, with the reason.
    """
    if isinstance(scorer, Restricted):
        return terms(scorer.score, user, item, linear)
    if isinstance(scorer, Total):
        found = []
        for factor, part in scorer.parts:
            inside = terms(part, user, item, linear)
            found += [replace(t, by={name: factor * value for name, value in t.by.items()}) for t in inside]
        return found
    name = spelled(scorer)
    if isinstance(scorer, Blended):
        if len(scorer.used) == 1 and scorer.bias.numel() == 1:
            return terms(list(scorer.members.values())[scorer.used[0]], user, item, linear)
        return [Term(None, member, {"blend": share}) for member, share in scorer.shares(user, item).items()]
    if isinstance(scorer, PerHistory):
        items, values = scorer.by_history(user, item)
        return [Term(j, "", {name: value}) for j, value in zip(items.tolist(), values.tolist(), strict=True)]
    if isinstance(scorer, Constant):
        return [Term(None, "said to everybody", {name: float(scorer.values[item])})]
    if isinstance(scorer, Inner):
        if linear is not None:
            return linear.terms(user, item)
        raise Mistake(
            "this model's score is the product of two fitted vectors, and how the history made the user's is not kept: "
            "no sum over the history. (Of an exported model: explain the run instead.)"
        )
    if isinstance(scorer, Divisible) and (pieces := scorer.pieces()) is not None:
        return [term for piece in pieces for term in terms(piece, user, item, linear)]
    raise Mistake(f"this model's score is no sum: {name} is another way of ranking.")


def spelled(scorer: Scorer) -> str:
    """What a part of a score is called: its class in words."""
    known = {
        "DenseItems": "item weights",
        "SparseItems": "item weights",
        "Constant": "popularity",
        "Filters": "filters",
    }
    kind = type(scorer).__name__
    return known.get(kind) or re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()


def merged(found: Sequence[Term]) -> list[Term]:
    """One term for each item of the history and each name, the largest first; ties by item."""
    by: dict[tuple[int | None, str], dict[str, float]] = {}
    for term in found:
        into = by.setdefault((term.item, term.name), {})
        for name, value in term.by.items():
            into[name] = into.get(name, 0.0) + value
    one = [Term(item, name, values) for (item, name), values in by.items()]
    return sorted(one, key=lambda term: (-abs(term.value), -1 if term.item is None else term.item))

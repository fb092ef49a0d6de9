"""Any score that is a sum, as its summands: over the user's history, over members, over terms without a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ltgnn.types import LinearTerms, Scorer, Term, UserError

ABOUT = {
    "ids": "learned from who has which items: the id vectors of both sides",
    "features": "the item features of both sides",
    "ids with features": "the id vector of one side with the item features of the other",
    "content match": "how similar the features are to those of the history",
    "item weights": "learned weights between pairs of items",
    "messages": "what the messages between the user and an item of the history change",
    "popularity": "the same for all users: how popular the item is",
}
"""What the parts of a score are; others carry the names of members and score adjustments."""


def terms(scorer: Scorer, user: int, item: int, linear: LinearTerms | None) -> list[Term]:
    """Summands of ``scorer(user)[item]``. ``linear``: splits the inner product of a graph model.

    Raises ``UserError`` with the reason where the score is not a sum of this kind.
    """
    history = scorer.history_terms(user, item)
    if history is not None:
        items, values = (column.tolist() for column in history)
        return [Term(j, "", {scorer.label: value}) for j, value in zip(items, values, strict=True)]
    named = scorer.named_terms(user, item)
    if named is not None:
        return [Term(None, name, {scorer.label: value}) for name, value in named.items()]
    parts = scorer.terms()
    if parts is not None:
        found = []
        for factor, part in parts:
            inside = terms(part, user, item, linear)
            found += [replace(t, by={name: factor * value for name, value in t.by.items()}) for t in inside]
        return found
    if scorer.factors is None:
        raise UserError(f"this model's score is not a sum: {scorer.label} ranks in another way.")
    if linear is None:
        raise UserError(
            "this model's score is the product of two fitted vectors, and how the history made the user's is not kept: "
            "no sum over the history. (Of an exported model: explain the run instead.)"
        )
    return linear.terms(user, item)


def merge_terms(found: Sequence[Term]) -> list[Term]:
    """One term for each item of the history and each name, the largest first; ties by item."""
    by: dict[tuple[int | None, str], dict[str, float]] = {}
    for term in found:
        into = by.setdefault((term.item, term.name), {})
        for name, value in term.by.items():
            into[name] = into.get(name, 0.0) + value
    one = [Term(item, name, values) for (item, name), values in by.items()]
    return sorted(one, key=lambda term: (-abs(term.value), -1 if term.item is None else term.item))

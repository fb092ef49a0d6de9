"""Which column of a frame is which, by the names that data sets usually have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ltgnn.data.columns import join_names
from ltgnn.types import UserError

USUAL = {
    "user": ("userid", "user", "uid", "customerid", "customer", "reviewerid", "visitorid", "memberid", "accountid"),
    "item": (
        "itemid", "item", "iid", "productid", "product", "movieid", "movie", "parentasin", "asin", "articleid",
        "bookid", "businessid", "songid", "trackid", "artistid", "gameid", "sku",
    ),
    "time": ("timestamp", "time", "datetime", "date", "ts", "eventtime", "unixreviewtime", "createdat", "orderdate"),
    "rating": ("rating", "stars", "overall"),
    "weight": ("weight",),
    "score": ("score", "scores", "prediction", "relevance"),
}  # fmt: skip
"""Role -> names without case, blanks and signs, the more usual ones first."""


def find_column(role: str, names: Sequence[str], given: str | None, what: str, option: str) -> str | None:
    """The column of a role: the one given, else by its name; None: there is none of a usual name.

    ``UserError`` where the given one is not there, or where two columns have the same usual name.

    Examples:
        >>> find_column("item", ["userId", "movieId"], None, "interactions", "item")
        'movieId'
    """
    if given is not None:
        if given not in names:
            raise UserError(f"{option}={given!r}: {what} has no such column; it has: {join_names(names)}.")
        return given
    for usual in USUAL[role]:
        found = [name for name in names if simple(name) == usual]
        if len(found) > 1:
            raise UserError(f"{what}: which is the column of the {role}, {join_names(found)}? Name it: {option}=...")
        if found:
            return found[0]
    return None


def need_column(role: str, names: Sequence[str], given: str | None, what: str, option: str) -> str:
    """The same where there has to be one."""
    found = find_column(role, names, given, what, option)
    if found is None:
        raise UserError(
            f"{what}: which column has the ids of the {role}s? It has: {join_names(names)}. Name it: "
            f"{option}={names[0]!r}"
        )
    return found


def simple(name: str) -> str:
    """``"user_id:token"`` -> ``"userid"``"""
    return re.sub(r"[\W_]", "", name.partition(":")[0]).lower()

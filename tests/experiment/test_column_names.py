"""Which column of a frame is which, by the names that data sets usually have."""

from __future__ import annotations

import pytest

from ltgnn.experiment.column_names import find_column, need_column
from ltgnn.types import UserError


def test_columns_by_their_usual_names() -> None:
    for names, user, item in (
        (["userId", "movieId", "rating"], "userId", "movieId"),
        (["user_id:token", "item_id:token"], "user_id:token", "item_id:token"),
        (["Customer ID", "Product-ID"], "Customer ID", "Product-ID"),
        (["item", "user_id", "user"], "user_id", "item"),
    ):
        assert need_column("user", names, None, "interactions", "user") == user
        assert need_column("item", names, None, "interactions", "item") == item
    assert find_column("time", ["a", "b"], None, "interactions", "time") is None
    assert need_column("user", ["x", "user_id"], "x", "interactions", "user") == "x"


@pytest.mark.parametrize(
    ("names", "given", "said"),
    [
        (["who", "what"], None, "which column has the ids of the users. It has: 'who', 'what'. Name it: user='who'"),
        (["who"], "whom", "user='whom': interactions has no such column; it has: 'who'"),
        (["user_id", "User ID"], None, "which is the column of the user, 'user_id', 'User ID'"),
    ],
)
def test_columns_that_cannot_be_told(names: list[str], given: str | None, said: str) -> None:
    with pytest.raises(UserError, match=said):
        need_column("user", names, given, "interactions", "user")

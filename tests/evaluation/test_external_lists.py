"""Lists of other libraries: the same numbers as from the scores themselves, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import torch

from ltgnn.evaluation.external_lists import list_scorer
from ltgnn.types import UserError
from tests.evaluation.case import Case

USERS, ITEMS = ["007", "7", "x"], ["a", "b", "c", "d"]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_scores_order_the_items_and_equal_ones_stay_equal(tmp_path: Path) -> None:
    file = write(
        tmp_path / "l.csv", "user_id,item_id,score\n007,a,1.0\n7,a,3\n007,b,1.0000000000001\n007,d,1\n7,c,-2e9\n"
    )
    scorer, users = list_scorer(file, USERS, ITEMS)
    scores = scorer(torch.tensor([2, 0, 1]))
    assert users == 2
    assert torch.isinf(scores[0]).all()
    assert scores[1, 1] > scores[1, 0] == scores[1, 3] > scores[1, 2] == -torch.inf
    assert scores[2, 0] > scores[2, 2] > scores[2, 1] == -torch.inf


def test_without_scores_the_order_of_lines_counts(tmp_path: Path) -> None:
    file = write(tmp_path / "l.tsv", "\ufeffuser_id\titem_id\r\nx\tc\r\n7\ta\r\nx\ta\r\nx\td\r\n")
    scores = list_scorer(file, USERS, ITEMS)[0](torch.tensor([2]))
    assert scores.argsort(descending=True)[0, :3].tolist() == [2, 0, 3]


def test_lists_of_recommend_are_read_by_their_ranks(tmp_path: Path) -> None:
    """A rule may have put an item of a lower score before others."""
    table = pl.DataFrame(
        {"user": ["7", "7", "7"], "rank": [2, 1, 3], "item": ["a", "b", "c"], "score": [0.9, 0.1, 0.5]}
    )
    table.write_parquet(tmp_path / "l.parquet")
    table.write_csv(tmp_path / "l.csv")
    for name in ("l.parquet", "l.csv"):
        scores = list_scorer(tmp_path / name, USERS, ITEMS)[0](torch.tensor([1]))
        assert scores.argsort(descending=True)[0, :3].tolist() == [1, 0, 2]


def test_exported_lists_give_the_same_numbers_as_the_scores(tmp_path: Path) -> None:
    case = Case(1, num_users=30, num_items=60)
    truth = case.evaluate(ks=[5, 10], user_ks=[10], ranks={})
    lines = [
        f"u{user},i{item},{float(score)}"
        for user, items, scores in zip(*truth.lists, strict=True)
        for item, score in zip(items.tolist(), scores.tolist(), strict=True)
        if item >= 0
    ]
    file = write(tmp_path / "l.csv", "\n".join(["user_id,item_id,score", *sorted(lines)]))
    scorer, _ = list_scorer(file, [f"u{u}" for u in range(30)], [f"i{i}" for i in range(60)])
    case.scores = scorer(torch.arange(30))
    again = case.evaluate(ks=[5, 10], user_ks=[10], ranks={})
    assert torch.equal(again.lists.items, truth.lists.items)
    assert again.values == truth.values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id,item_id,score\n7,a,1\n7,q,2\n", r"line 3: item 'q' is not in the data set"),
        ("user_id,item_id,score\n07,a,1\n", r"line 2: user '07' is not in the data set .*'007', '7'"),
        ("user_id,item_id,score\n7,a,1\n7,b,one\n", r"line 3: the score is 'one', wanted a number"),
        ("user_id,item_id,score\n7,a,1\n7,b,nan\n", r"line 3: the score is 'nan'"),
        ("user_id,item_id,score\n7,a,1\nx,a,1\n7,a,2\n", r"line 4: item a a second time for user 7"),
        ("user,film\n7,a\n", r"columns user, film; wanted user and item \(or user_id and item_id\)"),
        ("user,item,rank\n7,a,first\n", r"line 2: the rank is 'first', wanted a number"),
        ("user_id,item_id\n", "a header and no line"),
        ("", "cannot be read"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path / "l.csv", text)
    with pytest.raises(UserError, match=message):
        list_scorer(file, USERS, ITEMS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="file not found"):
        list_scorer(tmp_path / "none.csv", USERS, ITEMS)

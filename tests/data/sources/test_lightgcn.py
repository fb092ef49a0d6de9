"""LightGCN's text files: one line a user, ``user item item ...``, one file a part."""

import pytest

from ltgnn.types import UserError
from tests.data.bad_input_case import message, write
from tests.data.readers import reader, rows
from tests.data.sources_case import lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 1\n1 x 2\n", "train.txt, line 2, field 2: 'x' is not a whole number"),
        ("0 1\n\n1 -2\n", "train.txt, line 3, field 2: '-2' is not a whole number"),
        ("0 1\n1 99999999999\n", "train.txt, line 2, field 2: '99999999999'"),
        ("0 1\n1 1.0\n", "train.txt, line 2, field 2: '1.0'"),
        ("", "train.txt is empty"),
    ],
)
def test_bad_lightgcn_lines(tmp_path, text, expected):
    write(tmp_path, text, "train.txt")
    write(tmp_path, "0 5\n", "test.txt")
    assert expected in message(tmp_path, "lightgcn_text")


def test_lightgcn(tmp_path):
    (tmp_path / "train.txt").write_text("0 0 1\n1 2\n3\n\n2 1 0\n")
    (tmp_path / "test.txt").write_text("0 2\r\n3 4\r\n")
    raw = reader("lightgcn_text")(tmp_path)
    assert rows(raw) == [
        *[("0", "0", "train"), ("0", "1", "train"), ("1", "2", "train"), ("2", "1", "train"), ("2", "0", "train")],
        *[("0", "2", "test"), ("3", "4", "test")],
    ]
    assert (len(raw.user_ids), len(raw.item_ids)) == (4, 5)  # 0..max over all parts: item 3 never occurs


def test_lightgcn_validation_inside_train(tmp_path):
    (tmp_path / "train.txt").write_text("0 0 1 2\n1 2\n")
    (tmp_path / "valid.txt").write_text("0 1\n")
    (tmp_path / "test.txt").write_text("1 0\n")
    raw = reader("lightgcn_text", valid="valid.txt", valid_inside_train=True)(tmp_path)
    assert rows(raw) == [
        *[("0", "0", "train"), ("0", "2", "train"), ("1", "2", "train")],
        *[("0", "1", "val"), ("1", "0", "test")],
    ]
    (tmp_path / "valid.txt").write_text("0 1\n1 1\n")
    with pytest.raises(UserError, match=r"1 of 2 pairs is not in train\.txt, e\.g\. user 1, item 1"):
        reader("lightgcn_text", valid="valid.txt", valid_inside_train=True)(tmp_path)


def test_lightgcn_with_titles(tmp_path):
    (tmp_path / "train.txt").write_text("0 0\n")
    (tmp_path / "test.txt").write_text("0 1\n")
    (tmp_path / "items.tsv").write_text(lines("item\ttitle", "2\tnever seen", "0\tfirst"))
    raw = reader("lightgcn_text", items="items.tsv", item_fields={"title": "title"})(tmp_path)
    assert raw.item_fields["title"].to_list() == ["first", "", "never seen"]

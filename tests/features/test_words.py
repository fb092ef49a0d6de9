"""What counts as a word: matches of a pattern where there are blanks, runs of signs where there are none."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.features.words import HAN_KANA, SOUTH_EAST, tokens

WORD = re.compile(r"\b\w+\b")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("保温杯", "保 温 杯 保温 温杯"),
        ("USB线 v2_x, 500ml杯", "USB 线 v2_x 500ml 杯"),
        ("ワイン・赤", "ワ イ ン ワイ イン 赤"),  # the dot parts words
        ("น้ำ", "น้ ้ำ น้ำ"),
        ("ก", "ก"),
        ("ລາວ", "ລາ າວ ລາວ"),
        ("ខ្មែរ", "ខ្ ្ម មែ ែរ ខ្ម ្មែ មែរ"),
        ("မြန်", "မြ ြန န် မြန ြန်"),
        ("한국어 책", "한국어 책"),  # Korean has blanks
        ("", ""),
    ],
)
def test_by_script(text: str, wanted: str) -> None:
    assert sorted(tokens(text, WORD)) == sorted(wanted.split())


@given(st.text(st.characters(max_codepoint=0xDFF, exclude_categories=["Cs"])))
def test_texts_of_scripts_with_blanks_are_as_they_were(text: str) -> None:
    assert tokens(text, WORD) == WORD.findall(text)


@given(st.text(st.sampled_from("ab 1_,.保温杯ワーกานข៉")))
def test_no_sign_is_lost_and_none_crosses_a_script(text: str) -> None:
    found = tokens(text, WORD)
    assert set("".join(found)) == {sign for sign in text if sign not in " ,."}
    for token in found:
        kinds = {bool(re.match(f"[{HAN_KANA}]", s)) + 2 * bool(re.match(f"[{SOUTH_EAST}]", s)) for s in token}
        assert len(kinds) == 1


def test_the_scripts_hold_letters_marks_and_digits_alone() -> None:
    cased = re.compile(f"[{HAN_KANA}{SOUTH_EAST}]")
    for code in range(0x40000):
        if cased.match(chr(code)):
            assert unicodedata.category(chr(code))[0] in "LMN" or unicodedata.category(chr(code)) == "Cn", hex(code)

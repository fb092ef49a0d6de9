"""Words of a text; in scripts that are written without blanks, character n-grams."""

from __future__ import annotations

import re
from collections.abc import Iterator

HAN_KANA = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""Chinese and Japanese: a character is nearly a word, two are most words."""

SOUTH_EAST = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e81-\u0ebd\u0ec0-\u0edf\u1780-\u17d3\u17d7\u17dc-\u17e9"
    "\u1000-\u1049\u1050-\u109d\ua9e0-\ua9fe\uaa60-\uaa76\uaa7a-\uaa7f"
)
"""Thai, Lao, Khmer, Myanmar with their vowel signs: letters, of which a syllable takes two or three."""

LENGTHS = {HAN_KANA: (1, 2), SOUTH_EAST: (2, 3)}
"""Signs in a run, by script."""

UNSPACED = re.compile(f"[{HAN_KANA}{SOUTH_EAST}]")
_RUN = re.compile(f"[{HAN_KANA}]+|[{SOUTH_EAST}]+")
_HAN_KANA = re.compile(f"[{HAN_KANA}]")


def tokens(text: str, word: re.Pattern[str]) -> list[str]:
    """The matches of ``word``, as they are where a text has blanks between words.

    Signs of Chinese, Japanese, Thai, Lao, Khmer and Myanmar are cut out before, and each unbroken row of them gives all
    runs of 1 and 2 signs, or of 2 and 3 (:data:`LENGTHS`); a row that is shorter is one token.
    """
    if not UNSPACED.search(text):
        return word.findall(text)
    found: list[str] = []
    end = 0
    for row in _RUN.finditer(text):
        found += word.findall(text[end : row.start()])
        found += runs(row.group())
        end = row.end()
    return found + word.findall(text[end:])


def runs(row: str) -> Iterator[str]:
    """All character n-grams of one script, by length, or the whole row if it is shorter."""
    shortest, longest = LENGTHS[HAN_KANA if _HAN_KANA.match(row) else SOUTH_EAST]
    if len(row) < shortest:
        yield row
    for length in range(shortest, longest + 1):
        for start in range(len(row) - length + 1):
            yield row[start : start + length]

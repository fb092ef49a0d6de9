"""How a tokenizer copes with texts: shares of what is cut, unknown, or spelled out letter by letter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ltgnn.features.words import HAN_KANA

SAMPLE = 2000
"""Number of texts in the sample."""

_FOREIGN = re.compile(rf"[^\W\d_\u0000-\u024f\u1e00-\u1eff\uff21-\uff5a{HAN_KANA}]")
"""Letters of other alphabets than Latin, except Chinese and Japanese characters, each of which may be a token."""


def sample_texts(texts: Sequence[str]) -> list[str]:
    """Up to 2,000 different texts, evenly spread; none that is empty."""
    unique = [text for text in dict.fromkeys(texts) if text]
    return unique[:: max(1, -(-len(unique) // SAMPLE))]


def token_shares(
    texts: Sequence[str], tokens: Sequence[list[int]], unknown: int | None, room: int | None, max_length: int | None
) -> dict[str, float | None]:
    """The shares, of n texts and the tokens of each.

    ``cut``: texts with more than ``room`` tokens; ``unknown``: tokens with that number, which represent what is outside
    the vocabulary; ``spelled``: texts of another alphabet than Latin of which nearly each letter is a token of its own.
    """
    if not texts:
        return {}
    spelled = 0
    for text, ids in zip(texts, tokens, strict=True):
        letters = len(_FOREIGN.findall(text))
        spelled += 2 * letters > sum(map(str.isalpha, text)) and letters < 1.25 * len(ids)
    missed = sum(ids.count(unknown) for ids in tokens) if unknown is not None else 0
    return {
        "texts": len(texts),
        "max_length": max_length,
        "cut": round(sum(len(ids) > room for ids in tokens) / len(texts), 6) if room is not None else 0.0,
        "unknown": round(missed / max(1, sum(map(len, tokens))), 6),
        "spelled": round(spelled / len(texts), 6),
    }

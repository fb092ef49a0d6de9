"""Keyword retrieval: BM25 and its tokenizer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import torch
from torch import Tensor

from ltgnn.features.words import tokens
from ltgnn.types import UserError

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Lower-case words without accents; n-grams in scripts without blanks (:func:`ltgnn.features.words.tokens`).

    No stop words and no stemming: they would tie the search to one language, and BM25 weighs frequent words down.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return tokens("".join(sign for sign in plain if not unicodedata.combining(sign)), _WORD)


class Words:
    """Okapi BM25 in Lucene's form (Kamphuis et al., ECIR 2020, through bm25s), as a retriever.

    ``s(q, i) = sum over the words w of q of log(1 + (I - n_w + .5) / (n_w + .5)) f / (f + k1 (1 - b + b l_i / l))``,
    with ``f`` how often ``w`` is in text i, ``l_i`` its length in words, ``l`` the mean length.
    """

    def __init__(self, texts: Sequence[str], k1: float = 1.5, b: float = 0.75) -> None:
        try:
            import bm25s
        except ImportError:
            raise UserError(
                "keyword search needs the package bm25s: pip install 'ltgnn[search]', or omit words: by=text"
            ) from None
        self.count = len(texts)
        self.known: set[str] = set()
        tokens = [words(text) for text in texts]
        self.known.update(*tokens)
        if not self.known:
            raise UserError("none of the texts contains a word; set by=text, or check the template")
        self.index = bm25s.BM25(k1=k1, b=b, method="lucene")
        self.index.index(tokens, show_progress=False)

    def __call__(self, query: str) -> Tensor:
        """Scores [I]; -inf where no word of the query occurs."""
        asked = [word for word in words(query) if word in self.known]
        if not asked:
            return torch.full((self.count,), -torch.inf)
        scores = torch.from_numpy(self.index.get_scores(asked).copy()).float()
        return scores.masked_fill(scores <= 0, -torch.inf)

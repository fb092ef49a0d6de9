"""TF-IDF and truncated SVD: the cheap baseline that a language model has to beat."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from ltgnn.features.words import tokens
from ltgnn.io.pluralize import pluralize
from ltgnn.types import TextEncoder, UserError

WORD = re.compile(r"\b\w+\b")


class TfidfSvd(TextEncoder):
    """Latent semantic analysis (Deerwester et al. 1990): sublinear TF-IDF of word n-grams, then a truncated SVD.

    Fitted on the texts it is given: all items, no interactions. ``min_df``: texts a word must occur in. In scripts that
    are written without blanks (Chinese, Japanese, Thai ...) character n-grams serve as words.
    """

    def __init__(
        self,
        dim: Annotated[int, Ge(1)],
        ngrams: Annotated[int, Ge(1)],
        min_df: Annotated[int, Ge(1)],
        max_words: Annotated[int, Ge(1)] | None,
        seed: Annotated[int, Ge(0), Lt(2**32)],
    ) -> None:
        self.dim, self.ngrams, self.min_df, self.max_words, self.seed = dim, ngrams, min_df, max_words, seed

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"class": "TfidfSvd", **vars(self), "words": "character n-grams in scripts without blanks"}

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """I strings -> [I, min(dim, I - 1, words - 1)] float32, rows of length up to 1."""
        _, counts, svd = self._words(texts)
        return torch.from_numpy(svd.fit_transform(counts)).float()

    def queries(self, catalogue: Sequence[str], prompt: str | None = None) -> Callable[[Sequence[str]], Tensor]:
        """Other texts in the space of the ``catalogue``; a text without its words is 0. There is no prompt."""
        vectorizer, counts, svd = self._words(catalogue)
        svd.fit(counts)
        return lambda texts: torch.from_numpy(svd.transform(vectorizer.transform(texts))).float()

    def _words(self, texts: Sequence[str]) -> tuple[Any, Any, Any]:
        """The vectorizer fitted on the texts, what it makes of them, and the SVD that is to be fitted on that."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(
            ngram_range=(1, self.ngrams),
            min_df=self.min_df,
            max_features=self.max_words,
            sublinear_tf=True,
            tokenizer=partial(tokens, word=WORD),
            token_pattern=None,
            strip_accents="unicode",
        )
        try:
            counts = vectorizer.fit_transform(texts)
        except ValueError as error:
            raise UserError(
                f"TF-IDF finds no word that occurs in {self.min_df} of these {len(texts)} texts ({error}): "
                "set features=minilm or another encoder, or lower features.encoder.min_df (a word of one text makes no "
                "two items alike)"
            ) from error
        dim = min(self.dim, counts.shape[0] - 1, counts.shape[1] - 1)
        if dim < 1:
            words, text_count = pluralize(counts.shape[1], "word"), pluralize(counts.shape[0], "text")
            raise UserError(f"TF-IDF finds {words} in {text_count}, too few for an SVD")
        return vectorizer, counts, TruncatedSVD(dim, algorithm="arpack", random_state=self.seed)

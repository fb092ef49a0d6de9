"""Answers to questions: the search over a table of question and answer, which also reports that it has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ltgnn.inference.search.bm25 import Words
from ltgnn.inference.search.rank_fusion import ZScore
from ltgnn.inference.search.retrieval import Dense, Search, check_query
from ltgnn.types import UserError

THRESHOLD = 0.39
"""Chosen on the even rows of tests/serving/questions.csv with MiniLM; evaluated on the odd ones: experiments/search."""

WORDS_WEIGHT = 0.25
"""Weight of BM25: more loses correct answers on that half, see there."""


@dataclass(frozen=True)
class Answer:
    """One place of a reply."""

    question: str
    answer: str
    likeness: float  # cosine of the question asked to this one, or to its answer where that is nearer
    score: float  # by which it ranks
    row: int


class Answers:
    """``questions`` [n] and ``answers`` [n]; the question asked is compared with both, by keywords and by meaning.

    ``encode``: strings -> [n, D]. ``threshold``: the least similarity of an answer;
    ``THRESHOLD`` fits MiniLM; another encoder needs another, which ``ltgnn answers ... evaluate=FILE`` finds.
    """

    def __init__(
        self,
        questions: Sequence[str],
        answers: Sequence[str],
        encode: Callable[[Sequence[str]], Tensor],
        threshold: float,
        words_weight: float = WORDS_WEIGHT,
    ) -> None:
        if not questions:
            raise UserError("no questions found; expected a table with a question and an answer in each row")
        if not -1 <= threshold <= 1:
            raise UserError(f"threshold={threshold} given, a cosine from -1 to 1 wanted")
        self.questions, self.answers, self.threshold = list(questions), list(answers), threshold
        vectors = encode([*questions, *answers])
        self.by_question = Dense(encode, vectors[: len(questions)])
        self.by_answer = Dense(encode, vectors[len(questions) :])
        words = Words([f"{question} {answer}" for question, answer in zip(questions, answers, strict=True)])
        self.search = Search({"words": words, "text": self.likeness}, ZScore(depth=10), {"words": words_weight})

    def likeness(self, asked: str) -> Tensor:
        """The greater cosine of the question asked to each question and to each answer.  [n]"""
        vector = self.by_question.vector(asked)
        return torch.maximum(self.by_question.scores(vector), self.by_answer.scores(vector))

    def __call__(self, asked: str, k: int = 3) -> list[Answer]:
        """The ``k`` best rows, best first; none where not even the first is as like as the ``threshold``."""
        found = self.rank(asked, k)
        return found if found and found[0].likeness >= self.threshold else []

    def rank(self, asked: str, k: int = 3) -> list[Answer]:
        """The ``k`` best rows, whatever their likeness."""
        hits = self.search(check_query(asked), k)
        return [
            Answer(self.questions[h.item], self.answers[h.item], h.by.get("text", -1.0), h.score, h.item) for h in hits
        ]


@dataclass(frozen=True)
class Judgement:
    """How well questions are answered at one threshold. A wrong reply is an answer to another question, or any answer
    to one that has none."""

    threshold: float
    answerable: int
    right: int  # answered by the row that was meant
    wrong: int
    unanswerable: int
    declined: int  # of the unanswerable

    @property
    def accuracy(self) -> float:
        """Share of all questions that got the right answer, or rightly none."""
        return (self.right + self.declined) / (self.answerable + self.unanswerable)


def evaluate(
    likeness: Sequence[float], correct: Sequence[bool], answerable: Sequence[bool], threshold: float
) -> Judgement:
    """From the best row of each question: its likeness, whether it is the one meant, whether there is one."""
    given = [value >= threshold for value in likeness]
    right = sum(g and c and a for g, c, a in zip(given, correct, answerable, strict=True))
    answered = sum(g and a for g, a in zip(given, answerable, strict=True))
    refused = sum(not g and not a for g, a in zip(given, answerable, strict=True))
    total = sum(answerable)
    wrong = answered - right + (len(given) - total - refused)
    return Judgement(threshold, total, right, wrong, len(given) - total, refused)


def best_threshold(likeness: Sequence[float], correct: Sequence[bool], answerable: Sequence[bool]) -> float:
    """The threshold with the greatest accuracy; of several the middle one. Rounded to two digits."""
    tried = [number / 100 for number in range(-100, 101)]
    accuracy = [evaluate(likeness, correct, answerable, value).accuracy for value in tried]
    best = [value for value, reached in zip(tried, accuracy, strict=True) if reached == max(accuracy)]
    return best[len(best) // 2]

"""A finished run with its search: for ``ltgnn search``, ``explain`` and ``serve``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor

from ltgnn.build import build_evaluators, build_features, fitting_evaluator, is_closed_form
from ltgnn.features.queries import TextPart, item_texts, reader, text_part
from ltgnn.inference.finished_run import load_finished_run, to_served_model
from ltgnn.inference.restore import load_module, restore_scorer
from ltgnn.inference.search import result
from ltgnn.inference.search.bm25 import Words
from ltgnn.inference.search.index import build_index
from ltgnn.inference.search.rank_fusion import ReciprocalRank
from ltgnn.inference.search.result import TASTE, SearchResult
from ltgnn.inference.search.retrieval import Dense, Retriever, Search
from ltgnn.inference.served_model import ServedModel
from ltgnn.module import Recommender
from ltgnn.types import ItemContent, UserError

BY = ("words", "text", "model")


class OpenRun:
    """A finished run with its search: for the command and the page."""

    def __init__(self, path: str, by: Sequence[str] = (), index: str = "exact", prompt: str | None = None) -> None:
        self.run, self.cfg, self.problem = load_finished_run(path)
        cpu = torch.device("cpu")
        self.module: Recommender | None = None
        if is_closed_form(self.cfg):
            scorer, _ = restore_scorer(self.cfg, self.problem, self.run, cpu)
        else:
            self.module = load_module(self.cfg, self.problem, self.run, cpu)
            scorer = self.module.scorer(fitting_evaluator(self.cfg, build_evaluators(self.cfg, self.problem)))
        self.served: ServedModel = to_served_model(self.run, self.cfg, self.problem, scorer)
        self.asked_by, self.index, self.prompt = tuple(by), index, prompt
        self.source = build_features(self.cfg)  # what made the item features

    @cached_property
    def by(self) -> tuple[str, ...]:
        """The retrievers in use."""
        if unknown := [name for name in self.asked_by if name not in BY]:
            raise UserError(f"by={','.join(self.asked_by)}: '{unknown[0]}' is not one of {', '.join(BY)}")
        if self.asked_by:
            return self.asked_by
        readable = [name for name, there in (("words", self.texts), ("text", not self.no_meaning)) if there]
        if not readable:
            raise UserError(f"{self.served.name}: the items have no text, so there is nothing to search in.")
        return tuple(readable)

    @cached_property
    def part(self) -> TextPart | None:
        """The part of the features that encodes texts; None: there is none."""
        return text_part(self.source, self.problem.features)

    @cached_property
    def no_meaning(self) -> str:
        """Why the items cannot be searched by meaning; empty: they can."""
        if self._live is not None:
            return ""
        if self.served.features is None:
            return "the run was trained with features=none"
        if self.part is None:
            return (
                f"the item features of this run (features={self.cfg.choices.get('features')}) are not made from texts"
            )
        return self.part.refusal

    @cached_property
    def texts(self) -> list[str]:
        """The texts of keyword search: what the run's encoder reads, else all fields; empty where there are none."""
        return item_texts(self.source, self.problem.dataset, self.cfg.data.get("template"))

    @cached_property
    def encode_text(self) -> Callable[[Sequence[str]], Tensor]:
        """Text -> vector among the item features, by the run's own encoder."""
        live = self._live
        if live is not None:
            return live.read
        if self.part is None:
            raise UserError(f"semantic search is not available: {self.no_meaning}. Use keyword search: by=words.")
        return reader(self.part, self.problem.dataset, self.problem.split.train.item_counts, self.prompt)

    @cached_property
    def search(self) -> Search:
        return Search({name: self._retriever(name) for name in self.by}, ReciprocalRank())

    def find(self, query: str, k: int = 10, user: str | None = None, taste: float = TASTE) -> list[SearchResult]:
        """The ``k`` items that fit best; with a known user reordered by the user's taste."""
        return result.find(self.served, lambda: self.search, query, k, user, taste)

    def _retriever(self, name: str) -> Retriever:
        if name == "words":
            if not self.texts:
                raise UserError("by=words: the items of this run have no text; give data with item_fields")
            return Words(self.texts)
        if name == "text":
            live, part, vectors = self._live, self.part, self.problem.feature_matrix
            if live is not None:
                vectors = live()
            elif part is None or vectors is None or self.no_meaning:
                raise UserError(f"by=text reads queries as the run read its items, but {self.no_meaning}: by=words")
            else:
                vectors = vectors[:, part.columns]
            return build_index(self.index, Dense(self.encode_text, vectors.detach()))
        module = self.module
        embedding = None if module is None else module.encoder.embedding
        vectors = None if embedding is None else embedding.features  # None: of a fusion that reads none
        if module is None or embedding is None or vectors is None or embedding.project(vectors[:1]) is None:
            raise UserError(
                "by=model needs a fusion that projects features (fusion=sum, gate, content ...): set by=words,text"
            )
        if self.no_meaning or (self._live is None and (self.part is None or self.part.source is not self.source)):
            why = self.no_meaning or "its features are of several kinds, and a query has only text"
            raise UserError(f"by=model takes the query for an item, but {why}: by=words,text")

        def project(texts: Sequence[str]) -> Tensor:
            with torch.no_grad():
                projected = embedding.project(self.encode_text(texts))
            assert projected is not None
            return projected

        return Dense(project, module.encode_all().items[:, : embedding.dim])

    @property
    def _live(self) -> ItemContent | None:
        return None if self.module is None else self.module.encoder.embedding.trained_features

"""An exported model with keyword search and explanations: for ``ltgnn serve run=EXPORT``.

Imports neither Lightning, transformers nor W&B: a server of an export holds torch, polars and the server only.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from ltgnn.inference.explanation.explainer import Explainer
from ltgnn.inference.search import result
from ltgnn.inference.search.bm25 import Words
from ltgnn.inference.search.rank_fusion import ReciprocalRank
from ltgnn.inference.search.result import TASTE, SearchResult
from ltgnn.inference.search.retrieval import Search
from ltgnn.serving.export import load_exported
from ltgnn.types import UserError

RECORD = "export.json"


def is_export(folder: str | Path) -> bool:
    """Whether ``ltgnn export`` wrote the folder."""
    return (Path(folder) / RECORD).is_file()


class OpenExport:
    """The model of an exported folder; it has no encoder, so that it is searched by words only."""

    by = ("words",)
    no_meaning = "an export has no encoder of texts"

    def __init__(self, folder: str | Path) -> None:
        self.served = load_exported(folder)

    @cached_property
    def texts(self) -> list[str]:
        """All text columns of each item; empty where there are none."""
        columns = self.served.catalogue.fields.values()
        return [" ".join(filter(None, row)) for row in zip(*columns, strict=True)] if columns else []

    @cached_property
    def search(self) -> Search:
        if not self.texts:
            raise UserError(f"{self.served.name}: the items have no text, so there is nothing to search in.")
        return Search({"words": Words(self.texts)}, ReciprocalRank())

    def find(self, query: str, k: int = 10, user: str | None = None, taste: float = TASTE) -> list[SearchResult]:
        """The ``k`` items that fit best; with a known user reordered by the user's taste."""
        return result.find(self.served, lambda: self.search, query, k, user, taste)

    def explainer(self) -> Explainer:
        """Similar items and shared words; the score's summands over the history need the run."""
        return Explainer(self.served, None, self.texts)

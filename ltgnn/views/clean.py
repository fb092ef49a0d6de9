"""One clean pass, no contrast."""

from __future__ import annotations

from ltgnn.types import Encoded, Encoder, Graph, Views


class Clean(Views):
    """The encoder as it is."""

    clean = True

    def __call__(self, encoder: Encoder, graph: Graph) -> tuple[Encoded, list[Encoded]]:
        return encoder(graph), []

"""One clean pass, no contrast."""

from __future__ import annotations

import torch

from ltgnn.types import Encoded, Encoder, Graph


class Clean:
    """The encoder as it is."""

    clean = True

    def __call__(self, encoder: Encoder, graph: Graph) -> tuple[Encoded, list[Encoded]]:
        return encoder(graph), []

    def resample(self, graph: Graph, generator: torch.Generator) -> None:
        """Nothing is random here."""

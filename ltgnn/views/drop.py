"""SGL: views on graphs with a random part left out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from ltgnn.types import Encoded, Encoder, Graph, UserError, Views
from ltgnn.views.depth import need_layers

Drop = Callable[[Graph, float, torch.Generator], Graph]
"""``(graph, rate, generator) -> graph with less``"""


def edges(graph: Graph, rate: float, generator: torch.Generator) -> Graph:
    """Each interaction is dropped with probability ``rate``."""
    return graph.drop_edges(rate, generator)


def nodes(graph: Graph, rate: float, generator: torch.Generator) -> Graph:
    """Each node loses all its interactions with probability ``rate``."""
    return graph.drop_nodes(rate, generator)


class PerLayer(Graph):
    """A graph for each step of one pass, in turn."""

    def __init__(self, graphs: list[Graph]) -> None:
        self.graphs = cycle(graphs)

    def propagate(self, states: Tensor) -> Tensor:
        return next(self.graphs).propagate(states)

    def drop_edges(self, rate: float, generator: torch.Generator) -> Graph:
        return next(self.graphs).drop_edges(rate, generator)


class GraphDrop(Views):
    """Main pass on the full graph, two views on thinned ones, drawn every epoch (SGL, SIGIR 2021, arXiv:2010.10783).

    ``drop``: edge dropout, or node dropout. ``graphs``: how many a view has: 1, or one for each layer, which is SGL's
    random walk. Thinned graphs are normalised anew, as in the authors' code.
    """

    changes_graph = True

    def __init__(self, drop: Drop, rate: Annotated[float, Ge(0), Lt(1)], graphs: Annotated[int, Ge(0)]) -> None:
        if not 0 <= rate < 1:
            raise UserError(f"views.rate={rate} given, 0 <= rate < 1 wanted.")
        self.drop, self.rate, self.num_graphs = drop, rate, max(1, graphs)
        self.graphs: list[list[Graph]] = []

    def __call__(self, encoder: Encoder, graph: Graph) -> tuple[Encoded, list[Encoded]]:
        main = encoder(graph)
        need_layers(main, "edge_drop, node_drop and random_walk")
        return main, [encoder(PerLayer(graphs)) for graphs in self.graphs]

    def resample(self, graph: Graph, generator: torch.Generator) -> None:
        """New graphs for both views."""
        self.graphs = [[self.drop(graph, self.rate, generator) for _ in range(self.num_graphs)] for _ in range(2)]

"""One item-item graph for each kind of features, added up by weights that are given or learned."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ltgnn.graph.kernels import Kernel
from ltgnn.graph.kind_edges import SimilarItemsByKind
from ltgnn.graph.semantic import Edges, ItemEdges, ItemGraph


class KindGraphs(nn.Module):
    """``S = sum over kinds of w_k S_k``, ``S_k`` the normalised item graph of one kind (``ItemGraph``).

    ``w`` are the shares of ``edges.weights``, which sum to 1; with ``learned`` they are where ``softmax(t)`` starts,
    and ``t`` is trained: LATTICE's importance of modalities (Zhang et al., MM 2021, arXiv:2104.09036). FREEDOM (Zhou &
    Shen, MM 2023, arXiv:2211.06924) gives ``w``. The graphs of the kinds are frozen.
    """

    def __init__(
        self,
        features: Tensor | None,
        num_items: int,
        edges: SimilarItemsByKind,
        learned: bool,
        kernel: Kernel | None,
    ) -> None:
        super().__init__()
        found = edges.each(features, num_items)
        self.names = list(found)
        self.graphs = nn.ModuleList(
            ItemGraph(None, num_items, _as_found(edges_of_kind), kernel) for _, edges_of_kind in found.values()
        )
        logits = torch.tensor([share for share, _ in found.values()]).log()
        self.logits = nn.Parameter(logits, requires_grad=learned)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each kind as it is now; they sum to 1."""
        return dict(zip(self.names, self.logits.detach().softmax(0).tolist(), strict=True))

    def propagate(self, states: Tensor) -> Tensor:
        """``S [I, I] @ states [I, d]``, differentiable in the states and, where they are learned, the weights."""
        shares = self.logits.softmax(0)
        graphs: Iterable[ItemGraph] = self.graphs  # type: ignore[assignment]
        found = [share * graph.propagate(states) for share, graph in zip(shares, graphs, strict=True)]
        return torch.stack(found).sum(0)


def _as_found(edges: Edges) -> ItemEdges:
    """A rule that gives these edges."""
    return lambda features, num_items: edges

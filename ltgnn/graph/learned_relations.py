"""The same graph with one learned weight a relation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from ltgnn.graph.adjacency import Normalisation
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.entities import Weight, join_entities
from ltgnn.graph.kernels import Csr, Kernel, choose_kernel
from ltgnn.graph.semantic import ItemEdges
from ltgnn.graph.strength import Strength
from ltgnn.types import Graph, Interactions, Relation

BLOCK = 2**16
"""Edges at a time of which the gradient is computed."""


class LearnedRelationGraph(nn.Module, Graph):
    """``RelationGraph`` whose ``w_r = exp(t_r)`` are trained with the model, from the weights given.

    The degrees, and with them the message of every edge of a related item, follow the weights. Relations of weight 0
    stay out. ``log_weights`` [R] is in the checkpoint.
    """

    reads_features: ClassVar[bool] = False  # ``item_edges`` declare it themselves
    reads_relations: ClassVar[bool] = True
    offsets: Tensor
    rows: Tensor
    columns: Tensor
    strength: Tensor
    relation: Tensor

    def __init__(
        self,
        train: Interactions,
        normalisation: Normalisation,
        kernel: Kernel | None,
        weight: Weight,
        weights: Mapping[str, Weight],
        min_items: Annotated[int, Ge(1)],
        strength: Mapping[str, Strength] | None = None,
        item_edges: Mapping[str, ItemEdges] | None = None,
        message: Callable[[Tensor], Tensor] | None = None,
        features: Tensor | None = None,
        relations: Mapping[str, Relation] | None = None,
    ) -> None:
        super().__init__()
        joined = join_entities(train, relations or {}, weight, weights, min_items)
        plain = BipartiteGraph(train, _as_it_is, None, strength, item_edges, features=features, relations=relations)
        self.normalisation, self.kernel, self.message = normalisation, kernel, message
        self.names, self.entities, self.size = joined.names, joined.trained, plain.size + len(joined)
        start = [float(joined.strength[joined.relation == number][0]) for number in range(len(joined.names))]
        self.log_weights = nn.Parameter(torch.tensor(start).log())
        lengths = (plain.offsets[1:] - plain.offsets[:-1]).long()
        rows = torch.cat([torch.repeat_interleave(torch.arange(plain.size), lengths), joined.left, joined.right])
        columns = torch.cat([plain.columns.long(), joined.right, joined.left])
        ones = torch.ones(2 * len(joined.left))
        no_relation = torch.zeros(len(plain.columns), dtype=torch.int64)
        relation = torch.cat([no_relation, joined.relation + 1, joined.relation + 1])
        order = torch.argsort(rows * self.size + columns, stable=True)
        offsets = torch.zeros(self.size + 1, dtype=torch.int64)
        offsets[1:] = torch.cumsum(torch.bincount(rows, minlength=self.size), 0)
        for name, values in (
            ("offsets", offsets),
            ("rows", rows[order]),
            ("columns", columns[order]),
            ("strength", torch.cat([plain.weights, ones])[order]),
            ("relation", relation[order]),
        ):
            self.register_buffer(name, values, persistent=False)

    @property
    def relation_weights(self) -> dict[str, float]:
        """The weight of each relation as it is now; an interaction has 1."""
        return dict(zip(self.names, self.log_weights.detach().exp().tolist(), strict=True))

    def edge_weights(self) -> tuple[Tensor, Tensor]:
        """Weights of all messages, and of those the other way; differentiable in ``log_weights``.  2 x [m]"""
        factors = torch.cat([self.log_weights.new_ones(1), self.log_weights.exp()])
        plain = self.strength * factors[self.relation]
        degree = plain.new_zeros(self.size).index_add(0, self.rows, plain)
        to, of = degree[self.rows], degree[self.columns]
        return plain * self.normalisation(to, of), plain * self.normalisation(of, to)

    def propagate(self, states: Tensor) -> Tensor:
        """``A @ message(states [N + M, d])``, differentiable in states and weights; also as ``Graph.entities`` says."""
        if silent := self.size - len(states):
            return self.propagate(F.pad(states, (0, 0, 0, silent)))[: len(states)]
        with torch.autocast(states.device.type, enabled=False):
            wide = states.float() if states.dtype in (torch.float16, torch.bfloat16) else states
            sent = wide if self.message is None else self.message(wide)
            forth, back = self.edge_weights()
            result: Tensor = _WeightedProduct.apply(  # type: ignore[no-untyped-call]
                sent, forth.to(sent.dtype), back.detach().to(sent.dtype), self
            )
            return result

    @property
    def linear(self) -> bool:  # type: ignore[override]
        """Whether nodes send their states as they are."""
        return self.message is None

    @torch.no_grad()
    def messages_to(self, node: int) -> tuple[Tensor, Tensor]:
        """The nodes that ``node`` receives messages from [n] int64, and the weights of their messages [n] float64."""
        entries = slice(int(self.offsets[node]), int(self.offsets[node + 1]))
        return self.columns[entries], self.edge_weights()[0][entries].double()


class _WeightedProduct(torch.autograd.Function):
    """A sparse product that is differentiable in its entries too."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, forth: Tensor, back: Tensor, graph: LearnedRelationGraph) -> Tensor:
        ctx.save_for_backward(states, back)
        ctx.graph = graph
        matrix = Csr(graph.offsets, graph.columns, forth.detach())
        return choose_kernel(graph.kernel, matrix, states)(matrix, states.detach().contiguous())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (states, back), graph, gradient = ctx.saved_tensors, ctx.graph, gradients[0].contiguous()
        to_states = to_entries = None
        if ctx.needs_input_grad[0]:
            matrix = Csr(graph.offsets, graph.columns, back)
            to_states = choose_kernel(graph.kernel, matrix, gradient)(matrix, gradient)
        if ctx.needs_input_grad[1]:
            parts = zip(graph.rows.split(BLOCK), graph.columns.split(BLOCK), strict=True)
            to_entries = torch.cat([(gradient[rows] * states[columns]).sum(1) for rows, columns in parts])
        return to_states, to_entries, None, None


def _as_it_is(receiver: Tensor, sender: Tensor) -> Tensor:
    """No normalisation."""
    return torch.ones_like(receiver)

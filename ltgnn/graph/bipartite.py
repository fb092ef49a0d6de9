"""The normalised user-item graph, with item-item edges where asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.graph.adjacency import Messages, Normalisation, concatenate_messages, degrees, rows_of
from ltgnn.graph.at_nodes import layers_at
from ltgnn.graph.entities import NO_ENTITIES, Joined
from ltgnn.graph.kernels import BAGS, Csr, Kernel, choose_kernel, product
from ltgnn.graph.learned_edges import InteractionEdges
from ltgnn.graph.locality import NodeOrder, faster
from ltgnn.graph.relation_edges import RelationEdges
from ltgnn.graph.semantic import Edges, ItemEdges
from ltgnn.graph.strength import FixedStrength, Strength
from ltgnn.types import EdgeRule, Graph, Interactions, MessageEdges, Relation, UserError


class BipartiteGraph(nn.Module, Graph):
    """Adjacency of ``N = U + I`` nodes, users first, in one CSR with both directions of each edge.

    - ``strength``: factors of an interaction's weight, by name, multiplied (event, time); none: 1.
    - ``item_edges``: further edges between items, by name, from the features [I, D], as ``RelationEdges`` from the
      relations of the data set, or as ``InteractionEdges`` from the train part; those found twice are added up.
      They count in the degrees like the others: an item with few interactions receives more from similar items than a
      popular one does.
    - ``normalisation``: message weight from the (weighted) degrees of its ends, times the strength of the edge.
    - ``message``: what a node sends, as a function of its state [N, d]; None: the state.
    - ``joined``: entities as nodes behind the items, and the edges of relations (``entities.py``).
    - ``reorder``: how to find an order of the nodes to train in on a CPU (``locality.py``); None of it: as they are.

    The transpose has the same pattern with the two directions' weights exchanged, so it costs one weight vector, or
    nothing when the two agree. Dense index buffers only: they move with the module and can be broadcast; none is in
    the checkpoint.
    """

    reads_features: ClassVar[bool] = False  # ``item_edges`` declare it themselves
    reads_relations: ClassVar[bool] = True  # for those of ``item_edges`` that read them
    offsets: Tensor
    columns: Tensor
    weights: Tensor
    weights_back: Tensor

    def __init__(
        self,
        train: Interactions,
        normalisation: Normalisation,
        kernel: Kernel | None,
        strength: Mapping[str, Strength] | None = None,
        item_edges: Mapping[str, ItemEdges] | None = None,
        message: Callable[[Tensor], Tensor] | None = None,
        features: Tensor | None = None,
        relations: Mapping[str, Relation] | None = None,
        reorder: Callable[[Csr, Csr, Kernel, int], NodeOrder | None] = faster,
        joined: Joined = NO_ENTITIES,
    ) -> None:
        super().__init__()
        self.num_users, self.num_items, self.joined = train.num_users, train.num_items, joined
        self.size, self.entities = train.num_users + train.num_items + len(joined), joined.trained
        self.train_edges, self.normalisation, self.kernel, self.message = train, normalisation, kernel, message
        self.reorder = reorder
        self._factors = list((strength or {}).values())
        self.strength_is_fixed = all(factor.is_fixed for factor in self._factors)
        self._strength = _multiply(self._factors, train) if self._factors else None
        rules = (item_edges or {}).values()
        self.between_items = [_connect(edges, train, features, relations or {}) for edges in rules]

        items = train.items + self.num_users
        between = [(self.num_users + e.left, self.num_users + e.right, e.strength.double()) for e in self.between_items]
        between += [(joined.left, joined.right, joined.strength)] if len(joined.left) else []
        to_users = Messages(train.users, items, self._strength)
        to_left = [Messages(left, right, weight) for left, right, weight in between]
        to_items = Messages(items, train.users, self._strength)
        to_right = [Messages(right, left, weight) for left, right, weight in between]
        degree = degrees([to_users, *to_left, to_items, *to_right], self.size)
        users = rows_of(to_users, degree, normalisation)  # the two parts one after the other: half the memory
        rest = rows_of(concatenate_messages([to_items, *to_left, *to_right]), degree, normalisation)

        offsets = torch.zeros(self.size + 1, dtype=torch.int64)
        offsets[1:] = torch.cumsum(users.lengths + rest.lengths, 0)
        index = torch.int32 if max(int(offsets[-1]), self.size) < 2**31 else torch.int64
        weights = torch.cat([users.forth, rest.forth])
        alike = users.back is users.forth and rest.back is rest.forth
        back = weights if alike else torch.cat([users.back, rest.back])
        self.register_buffer("offsets", offsets.to(index), persistent=False)
        self.register_buffer("columns", torch.cat([users.columns, rest.columns]).to(index), persistent=False)
        self.register_buffer("weights", weights, persistent=False)
        self.register_buffer("weights_back", back, persistent=False)
        self._orders: dict[int, NodeOrder | None] = {}
        self._index: Tensor | None = None

    def propagate(self, states: Tensor) -> Tensor:
        """``A [N, N] @ message(states [N, d])``, in float32 or wider even under autocast: sparse products need it."""
        if silent := self.size - len(states):  # entities of which there are no states
            return self.propagate(F.pad(states, (0, 0, 0, silent)))[: len(states)]
        with torch.autocast(states.device.type, enabled=False):
            wide = states.float() if states.dtype in (torch.float16, torch.bfloat16) else states
            sent = wide if self.message is None else self.message(wide)
            return product(sent, *self._both_ways, self.kernel)

    def layers_at(self, states: Tensor, num_layers: int, nodes: Tensor) -> tuple[Tensor, ...] | None:
        """``states`` and what 1 .. L calls of ``propagate`` make of them, at ``nodes``.  [N, d] -> (L + 1) x [n, d]

        For less than these calls (``at_nodes.py``). None where a node sends something else than its state, which need
        not be linear.
        """
        if self.message is not None:
            return None
        with torch.autocast(states.device.type, enabled=False):
            wide = states.float() if states.dtype in (torch.float16, torch.bfloat16) else states
            matrix, transposed = self._both_ways
            kernel = choose_kernel(self.kernel, matrix, wide)
            # one hop is from all nodes to few, so that the order of all is of no use
            near = self._in_faster_order(kernel, wide) if num_layers > 1 else None
            return layers_at(wide, matrix, transposed, kernel, num_layers, nodes, near)

    def _in_faster_order(self, kernel: Kernel, states: Tensor) -> NodeOrder | None:
        """This graph in the order that is the faster one to train in on a CPU; found with the first step."""
        if kernel not in BAGS or states.device.type != "cpu" or not (states.requires_grad and torch.is_grad_enabled()):
            return None
        width = states.shape[1]
        if width not in self._orders:
            self._orders[width] = self.reorder(*self._both_ways, kernel, width)
        return self._orders[width]

    @property
    def strength(self) -> Tensor:
        """How much each interaction counts.  [E] float64"""
        if self._strength is None:
            return torch.ones(1, dtype=torch.float64).expand(len(self.train_edges))
        return self._strength

    @property
    def linear(self) -> bool:  # type: ignore[override]
        """Whether nodes send their states as they are."""
        return self.message is None

    def messages_to(self, node: int) -> tuple[Tensor, Tensor]:
        """The nodes that ``node`` receives messages from [n] int64, and the weights of their messages [n] float64."""
        entries = slice(int(self.offsets[node]), int(self.offsets[node + 1]))
        return self.columns[entries].long(), self.weights[entries].double()

    def edges(self) -> MessageEdges:
        """Every entry of the CSR; ``UserError`` where nodes send something else than their states (``message``)."""
        if self.message is not None:
            raise UserError(
                "model=pyg: this graph sends messages of unit length (graph=lightgcnpp), and a convolution makes its "
                "own messages. Set graph=symmetric or another (ltgnn models graph)."
            )
        if self._index is None or self._index.device != self.offsets.device:
            receivers = torch.arange(self.size, device=self.offsets.device).repeat_interleave(self.offsets.diff())
            self._index = torch.stack([self.columns.long(), receivers])
        return MessageEdges(self._index, self.weights, self.has_unequal_edges)

    @cached_property
    def has_unequal_edges(self) -> bool:
        """Whether edges differ in strength: interactions, or these and edges between items or to entities."""
        strengths = [self.strength, *(edges.strength for edges in self.between_items), self.joined.strength]
        return any(bool((one != strengths[0][0]).any()) for one in strengths if len(one))

    def fold_in(self) -> EdgeRule | None:
        """None with edges between items or to entities, or with a strength that a later interaction changes."""
        if self.between_items or len(self.joined.left) or not self.strength_is_fixed:
            return None
        strength_of = partial(_multiply, self._factors) if self._factors else None
        return EdgeRule(self.strength.cpu(), self.normalisation, self.message, strength_of)

    @property
    def _both_ways(self) -> tuple[Csr, Csr]:
        """The adjacency and its transpose."""
        return Csr(self.offsets, self.columns, self.weights), Csr(self.offsets, self.columns, self.weights_back)

    def drop_edges(self, rate: float, generator: torch.Generator) -> BipartiteGraph:
        """A graph without a random share ``rate`` of the interactions, normalised anew (SGL's edge dropout)."""
        kept = torch.rand(len(self.train_edges), generator=generator, device=generator.device) >= rate
        return self.keep(kept.cpu())

    def drop_nodes(self, rate: float, generator: torch.Generator) -> BipartiteGraph:
        """A graph in which a random share ``rate`` of the nodes has no interaction (SGL's node dropout)."""
        kept = (torch.rand(self.size, generator=generator, device=generator.device) >= rate).cpu()
        return self.keep(kept[self.train_edges.users] & kept[self.train_edges.items + self.num_users])

    def keep(self, edges: Tensor) -> BipartiteGraph:
        """The graph of the interactions chosen by a mask [E], normalised anew; all other edges stay."""
        strength = None if self._strength is None else self._strength[edges]
        graph = BipartiteGraph(
            self.train_edges.select(edges),
            self.normalisation,
            self.kernel,
            {} if strength is None else {"kept": FixedStrength(strength)},
            {str(n): partial(_as_built, kept) for n, kept in enumerate(self.between_items)},
            self.message,
            reorder=self.reorder,
            joined=self.joined,
        )
        return graph.to(device=self.weights.device, dtype=self.weights.dtype)


def _multiply(factors: Sequence[Strength], train: Interactions) -> Tensor:
    """The product of the factors, of which there is one at least.  [E] float64"""
    found = factors[0](train)
    for factor in factors[1:]:
        found = found * factor(train)
    return found


def _as_built(edges: Edges, features: Tensor | None, num_items: int) -> Edges:
    """Item edges that are there already."""
    return edges


def _connect(
    edges: ItemEdges, train: Interactions, features: Tensor | None, relations: Mapping[str, Relation]
) -> Edges:
    """The edges that an entry of ``item_edges`` makes from what it reads."""
    if isinstance(edges, RelationEdges):
        return edges.connect(relations, train.num_items)
    if isinstance(edges, InteractionEdges):
        return edges.connect(train, features)
    return edges(features, train.num_items)

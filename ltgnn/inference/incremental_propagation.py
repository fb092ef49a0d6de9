"""A trained graph that takes in new interactions, users and items: what changes is computed anew, the rest kept.

The result is what building graph and states from scratch with the same weights gives. A new user has no trained vector:
its first state is 0, so that it is known only by its items; a new item's first state is what the fusion makes of its
text with an id of 0. An item that was cold in training keeps an id of 0: nothing trained it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.tensors.csr import entries_of

Normalisation = Callable[[Tensor, Tensor], Tensor]
Readout = Callable[[Sequence[Tensor]], Tensor]
MOST_ROWS = 0.5  # share of the entries from which one product over all is cheaper than picking rows


@dataclass(frozen=True)
class Propagation:
    """Layers of ``x_(l+1) = A x_l`` over a growing bipartite graph of N = U + I nodes, users first."""

    num_users: int
    num_items: int
    offsets: Tensor  # [N + 1] int64
    columns: Tensor  # [nnz] int64, ascending in each row
    strength: Tensor  # [nnz] float64, of the edge
    weights: Tensor  # [nnz] float32, of the message
    degree: Tensor  # [N] float64, sum of the strengths
    layers: tuple[Tensor, ...]  # (L + 1) x [N, d]
    normalisation: Normalisation
    message: Callable[[Tensor], Tensor] | None = None

    @property
    def size(self) -> int:
        return self.num_users + self.num_items

    def grow(self, users: int, items: int) -> Propagation:
        """The same graph with new users after the users and new items after the items, none of them with an edge."""
        if not users and not items:
            return self
        columns = torch.where(self.columns >= self.num_users, self.columns + users, self.columns)
        last = self.offsets[-1:]
        offsets = torch.cat(
            [self.offsets[: self.num_users], self.offsets[self.num_users].expand(users),
             self.offsets[self.num_users : -1], last.expand(items + 1)]
        )  # fmt: skip
        return replace(
            self,
            num_users=self.num_users + users,
            num_items=self.num_items + items,
            offsets=offsets,
            columns=columns,
            degree=self.extend_rows(self.degree[:, None], users, items)[:, 0],
            layers=tuple(self.extend_rows(layer, users, items) for layer in self.layers),
        )

    def extend_rows(self, states: Tensor, users: int, items: int) -> Tensor:
        """Rows of 0 for new users and items.  [N, d] -> [N + new, d]"""
        old = states.split([self.num_users, self.num_items])
        width = states.shape[1]
        return torch.cat([old[0], states.new_zeros(users, width), old[1], states.new_zeros(items, width)])

    def update(self, users: Tensor, items: Tensor, strength: Tensor, first: Tensor, rows: Tensor) -> Update:
        """With new edges (users [m], items [m], none of them there yet, ``strength`` [m]) and new first states.

        ``rows`` [r]: nodes whose first state is now ``first`` [r, d].
        """
        one, other = users, items + self.num_users
        degree = self.degree.clone()
        degree.index_add_(0, one, strength).index_add_(0, other, strength)
        touched = torch.zeros(self.size, dtype=torch.bool)
        touched[one] = touched[other] = True
        graph, entry_rows = self._with_edges(one, other, strength, degree)
        moved = torch.nonzero(touched[entry_rows] | touched[graph.columns])[:, 0]  # entries whose weight is another
        receiver, sender = entry_rows[moved], graph.columns[moved]
        weights = (graph.strength[moved] * self.normalisation(degree[receiver], degree[sender])).float()
        graph = replace(graph, weights=graph.weights.index_copy(0, moved, weights))
        rewoven = touched | graph.neighbours(touched)

        layers = [self.layers[0].index_copy(0, rows, first)]
        changed = torch.zeros(self.size, dtype=torch.bool)
        changed[rows] = True
        ever = changed.clone()
        computed = [int(changed.sum())]
        for old in self.layers[1:]:
            again = rewoven | graph.neighbours(changed)
            layers.append(graph.step(layers[-1], old, again))
            changed = again
            ever |= again
            computed.append(int(again.sum()))
        return Update(replace(graph, layers=tuple(layers)), ever, computed)

    def _with_edges(self, one: Tensor, other: Tensor, strength: Tensor, degree: Tensor) -> tuple[Propagation, Tensor]:
        """The graph with both directions of the new edges at their places, and the row of each entry."""
        entry_rows = torch.repeat_interleave(torch.arange(self.size), self.offsets.diff())
        new_rows, new_columns = torch.cat([one, other]), torch.cat([other, one])
        order = torch.argsort(new_rows * self.size + new_columns)
        new_rows, new_columns = new_rows[order], new_columns[order]
        new_strength = torch.cat([strength, strength])[order]
        keys = entry_rows * self.size + self.columns
        place = torch.searchsorted(keys, new_rows * self.size + new_columns)
        before = torch.bincount(place, minlength=len(keys) + 1).cumsum(0)[: len(keys)]  # new entries before an old one
        source = torch.empty(len(keys) + len(place), dtype=torch.int64)
        source[torch.arange(len(keys)) + before] = torch.arange(len(keys))
        source[place + torch.arange(len(place))] = torch.arange(len(place)) + len(keys)

        def merged(old: Tensor, new: Tensor) -> Tensor:
            return torch.cat([old, new.to(old.dtype)]).index_select(0, source)

        offsets = self.offsets.clone()
        offsets[1:] += torch.bincount(new_rows, minlength=self.size).cumsum(0)
        graph = replace(
            self,
            offsets=offsets,
            columns=merged(self.columns, new_columns),
            strength=merged(self.strength, new_strength),
            weights=merged(self.weights, torch.zeros_like(new_strength)),
            degree=degree,
        )
        return graph, merged(entry_rows, new_rows)

    def neighbours(self, nodes: Tensor) -> Tensor:
        """Nodes with an edge to one of ``nodes``.  [N] bool -> [N] bool"""
        if not nodes.any():
            return torch.zeros_like(nodes)
        marks = nodes.float()[:, None]
        return F.embedding_bag(self.columns, marks, self.offsets, mode="sum", include_last_offset=True)[:, 0] > 0

    def step(self, states: Tensor, old: Tensor, again: Tensor) -> Tensor:
        """``A states`` in the rows ``again`` [N] bool, ``old`` in the others.  [N, d]"""
        rows = torch.nonzero(again)[:, 0]
        sent = states if self.message is None else self.message(states)
        if not len(rows):
            return old
        if int(self.offsets.diff()[rows].sum()) > MOST_ROWS * len(self.columns):
            every = self._bags(sent, self.columns, self.weights, self.offsets)
            return every if len(rows) == self.size else torch.where(again[:, None], every, old)
        ends, entries = entries_of(self.offsets, rows)
        return old.index_copy(0, rows, self._bags(sent, self.columns[entries], self.weights[entries], ends))

    @staticmethod
    def _bags(states: Tensor, columns: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
        return F.embedding_bag(
            columns, states, offsets, mode="sum", per_sample_weights=weights.to(states.dtype), include_last_offset=True
        )


@dataclass(frozen=True)
class Update:
    """What an update leaves: the graph with its layers, the nodes computed anew, and how many in each layer."""

    graph: Propagation
    changed: Tensor  # [N] bool
    computed: list[int]

    def read_out(self, readout: Readout, before: Tensor) -> Tensor:
        """Final states [N, d]: those of ``before`` where no layer changed."""
        rows = torch.nonzero(self.changed)[:, 0]
        return before.index_copy(0, rows, readout([layer[rows] for layer in self.graph.layers]))


def match_sorted(few: Tensor, many: Tensor) -> tuple[Tensor, Tensor]:
    """Which of ``few`` [m] (distinct, ascending) occur in ``many`` [n], and which of ``many`` are among them.

    ``torch.isin`` sorts both; here the many are only looked up.
    """
    if not len(few):
        return torch.zeros(0, dtype=torch.bool), torch.zeros(len(many), dtype=torch.bool)
    place = torch.searchsorted(few, many).clamp_(max=len(few) - 1)
    hit = few[place] == many
    found = torch.zeros(len(few), dtype=torch.bool)
    found[place[hit]] = True
    return found, hit


def make_propagation(
    edges: tuple[Tensor, Tensor, Tensor],
    num_users: int,
    num_items: int,
    layers: Sequence[Tensor],
    normalisation: Normalisation,
    message: Callable[[Tensor], Tensor] | None,
) -> Propagation:
    """The propagation of a trained model: its edges (users [E], items [E], strength [E] float64) and its layers."""
    users, items, strength = edges
    size = num_users + num_items
    one, other = users, items + num_users
    degree = torch.zeros(size, dtype=torch.float64).index_add_(0, one, strength).index_add_(0, other, strength)
    rows, columns, twice = torch.cat([one, other]), torch.cat([other, one]), torch.cat([strength, strength])
    order = torch.argsort(rows * size + columns)
    rows, columns, twice = rows[order], columns[order], twice[order]
    offsets = torch.zeros(size + 1, dtype=torch.int64)
    offsets[1:] = torch.bincount(rows, minlength=size).cumsum(0)
    weights = (twice * normalisation(degree[rows], degree[columns])).float()
    return Propagation(
        num_users, num_items, offsets, columns, twice, weights, degree, tuple(layers), normalisation, message
    )

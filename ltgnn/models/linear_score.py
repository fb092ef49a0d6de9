"""The score of a linear graph model, split: what each item of the user's history, ids and content add.

``final_u = c_0 x_u + sum over the user's items j of A[u, j] h_j``, ``h_j = sum over l >= 1 of c_l (A^(l-1) x)_j``: all
that the user receives comes through the items of the history. With the item's final state ``v`` held, the score
``<final_u, v>`` is a sum over them, and since ``x = ids + content``, each term splits once more: ids on both sides,
content on both sides, or one of each. The item's side splits as well, into its id and the kinds of its features, each
by the item's first state and by what it receives from its neighbours. Nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ltgnn.types import DIRECT, NEIGHBOURS, Embedding, Graph, Readout, Term


class LinearScore:
    """Layers of a LightGCN in float64, split into ids and content; made once, asked for any user and item."""

    def __init__(
        self,
        embedding: Embedding,
        num_layers: int,
        readout: Readout,
        graph: Graph,
        norm_power: float,
        match: tuple[float, Tensor] | None = None,
    ) -> None:
        """``graph`` is linear; ``norm_power`` as in ``Scoring``.

        ``match``: weight and features [I, width] of a content match added to the inner product.
        """
        self.match, self.note = match, embedding.content_note
        self.num_users, self.num_items = embedding.num_users, embedding.num_items
        self.graph, self.norm_power, self.embedding = graph, norm_power, embedding
        with torch.no_grad():
            first = [part.double() for part in embedding.parts()]
            self.layers = [[part] for part in first]  # ids, content: (L + 1) x [N, d]
            for kind in self.layers:
                for _ in range(num_layers):
                    kind.append(graph.propagate(kind[-1]))
            self.kinds: dict[tuple[str, ...], dict[str, list[Tensor]] | None] = {}  # the same layers of each kind
            self.num_layers = num_layers
            self.connected = coefficients(readout, num_layers)
            self.isolated = coefficients(readout, num_layers, isolated=True)

    def of(self, node: int) -> list[float]:
        """Weight of each layer in the final state of a node: another where it receives no message."""
        some = any(bool((kind[layer][node] != 0).any()) for kind in self.layers for layer in range(1, len(kind)))
        return self.connected if some or len(self.connected) == 1 else self.isolated

    def final(self, node: int) -> tuple[Tensor, Tensor]:
        """Final state of a node from ids and from content.  2 x [d]"""
        ids, content = (sum((c * x[node] for c, x in zip(self.of(node), kind, strict=True)), torch.zeros(1).double())
                     for kind in self.layers)  # fmt: skip
        return ids, content

    def matches(self, item: int) -> Tensor:
        """The content match of an item with each item.  [I]"""
        if self.match is None:
            return torch.zeros(self.num_items)
        return self.match[0] * (self.match[1] @ self.match[1][item])

    def factor(self, item: int) -> float:
        """``|final_i|^(p - 1)``"""
        if self.norm_power == 1.0:
            return 1.0
        ids, content = self.final(self.num_users + item)
        squared = (ids + content).square().sum() + self.matches(item)[item]
        return float(squared.sqrt().clamp_min(1e-12) ** (self.norm_power - 1.0))

    def profile_length(self, nodes: Tensor, edges: Tensor) -> float:
        """Of the features that a user receives over ``edges`` from ``nodes``, both [n]."""
        if self.match is None or not len(nodes):
            return 1.0
        return float((edges @ self.match[1][nodes - self.num_users]).norm().clamp_min(1e-12))

    def terms(self, user: int, item: int) -> list[Term]:
        """Summands of ``<final_u, final_i> |final_i|^(p - 1)``: the user's own vector, and each item of the history."""
        with torch.no_grad():
            ids, content = self.final(self.num_users + item)
            match, factor = self.matches(item), self.factor(item)
            ids, content, match = ids * factor, content * factor, match * factor
            weights = self.of(user)
            user_terms = [weights[0] * kind[0][user] for kind in self.layers]
            found = [Term(None, "the user's own vector", split_terms(user_terms, ids, content))] if weights[0] else []
            nodes, edges = self.graph.messages_to(user)
            received = [
                sum((c * x[nodes] for c, x in zip(weights[1:], kind, strict=False)), torch.zeros(1).double())
                * edges[:, None]
                for kind in self.layers
            ]
            length = self.profile_length(nodes, edges)
            for row, node in enumerate((nodes - self.num_users).tolist()):
                by = split_terms([kind[row] for kind in received], ids, content) if len(weights) > 1 else {}
                if self.match is not None:
                    by["content match"] = float(edges[row] * match[node]) / length
                if by:
                    found.append(Term(node, "", by))
        return found

    def kind_terms(self, user: int, item: int, columns: Mapping[str, slice]) -> list[Term] | None:
        """As ``ltgnn.types.KindTerms``: the item's id, each kind of its features, and the content match."""
        with torch.no_grad():
            kinds = self.layers_by_kind(columns)
            if kinds is None:
                return None
            node = self.num_users + item
            (ids, content), weights, factor = self.final(user), self.of(node), self.factor(item)
            said = ids + content
            found = [Term(None, "ids", self.sides(self.layers[0], weights, node, said, factor))]
            found += [Term(None, n, self.sides(layers, weights, node, said, factor)) for n, layers in kinds.items()]
            if self.match is not None:
                nodes, edges = self.graph.messages_to(user)
                match = float(edges @ self.matches(item)[nodes - self.num_users].double())
                match *= factor / self.profile_length(nodes, edges)
                found.append(Term(None, "content match", {DIRECT: match, NEIGHBOURS: 0.0}))
        return found

    def layers_by_kind(self, columns: Mapping[str, slice]) -> dict[str, list[Tensor]] | None:
        """Layers of what each kind of features adds, made once: name -> (L + 1) x [N, d]"""
        if tuple(columns) not in self.kinds:
            first = self.embedding.kinds(columns)
            layers = None if first is None else {name: [part.double()] for name, part in first.items()}
            for kind in () if layers is None else layers.values():
                for _ in range(self.num_layers):
                    kind.append(self.graph.propagate(kind[-1]))
            self.kinds[tuple(columns)] = layers
        return self.kinds[tuple(columns)]

    def sides(
        self, layers: Sequence[Tensor], weights: Sequence[float], node: int, said: Tensor, factor: float
    ) -> dict[str, float]:
        """``factor <said, state>`` of what a node has from layer 0, and from the later ones."""
        direct, *later = (c * float(said @ x[node]) * factor for c, x in zip(weights, layers, strict=True))
        return {DIRECT: direct, NEIGHBOURS: sum(later)}


def coefficients(readout: Readout, num_layers: int, isolated: bool = False) -> list[float]:
    """Weight of each layer in the final state, asked of the readout; isolated: of a node whose later layers are 0."""

    def read(*numbers: float) -> float:
        return float(readout([torch.full((1, 1), number, dtype=torch.float64) for number in numbers]))

    zeros = [0.0] * (num_layers + 1)
    if isolated:
        return [read(1.0, *zeros[1:]), *zeros[1:]]
    later = [read(*zeros[:layer], 1.0, *zeros[layer + 1 :]) for layer in range(1, num_layers + 1)]
    return [read(*[1.0] * (num_layers + 1)) - sum(later), *later]


def split_terms(said: Sequence[Tensor], ids: Tensor, content: Tensor) -> dict[str, float]:
    """Contributions of ids and features, against the ids and features of the item."""
    return {
        "ids": float(said[0] @ ids),
        "features": float(said[1] @ content),
        "ids with features": float(said[0] @ content + said[1] @ ids),
    }

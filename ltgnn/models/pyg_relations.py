"""Convolutions of torch-geometric that treat edges by their type, on the graph of users, items and entities."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.entities import need_types
from ltgnn.models.pyg import PyGEncoder, refuse_unequal
from ltgnn.models.readout import LayerReadout
from ltgnn.types import EdgeMetadata, Graph, TypedEdges

Activation = Literal["relu", "elu", "leaky_relu", "tanh"] | None


class TypedEncoder(PyGEncoder):
    """Base of those whose convolutions treat messages by their type (``Graph.typed_edges``)."""

    reads_types: ClassVar[bool] = True

    def message_index(self, graph: Graph) -> Tensor | None:
        """As ``Encoder.message_index``: type by type."""
        return edge_index(need_types(graph)) if self.num_layers else None


class RelationEncoder(TypedEncoder):
    """``x_(l+1) = act(conv_l(x_l, edge_index, edge_type))`` with all nodes in one table, as ``RGCNConv`` takes them.

    Types are those of ``TypedEdges``: interactions to users and to items, and each relation in both directions
    (Schlichtkrull et al., ESWC 2018, arXiv:1703.06103). A convolution is built with ``num_relations``.
    """

    inputs: ClassVar[tuple[str, ...]] = ("x", "edge_index", "edge_type")

    def __init__(
        self,
        embedding: NodeEmbedding,
        num_layers: Annotated[int, Ge(0)],
        readout: LayerReadout,
        conv: Callable[..., nn.Module],
        activation: Activation,
        metadata: EdgeMetadata,
    ) -> None:
        made = partial(conv, num_relations=len(metadata[1]))
        super().__init__(embedding, num_layers, readout, made, None, activation)

    def convolve(self, conv: nn.Module, state: Tensor, graph: Graph) -> Tensor:
        edges = need_types(graph)
        refuse_unequal(conv, graph.edges())
        lengths = torch.tensor(edges.starts, device=state.device).diff()
        kinds = torch.arange(len(lengths), device=state.device).repeat_interleave(lengths)
        found: Tensor = conv(state, edge_index(edges), kinds)
        return found


class HeterogeneousEncoder(TypedEncoder):
    """``x_(l+1) = act(conv_l(x_dict, edge_index_dict))`` with a table for each kind of nodes, as ``HGTConv`` takes it.

    Kinds are user, item and those of the relations (Hu et al., WWW 2020, arXiv:2003.01332). A convolution is built with
    ``metadata``, kinds and types as in ``Dataset.to_pyg``, kinds in angle brackets, so that none is the name of an
    attribute of modules, which PyG makes of them (``type``). A kind that it makes no states of gets 0.
    """

    inputs: ClassVar[tuple[str, ...]] = ("x_dict", "edge_index_dict")

    def __init__(
        self,
        embedding: NodeEmbedding,
        num_layers: Annotated[int, Ge(0)],
        readout: LayerReadout,
        conv: Callable[..., nn.Module],
        activation: Activation,
        metadata: EdgeMetadata,
    ) -> None:
        kinds, types = metadata
        made = partial(conv, metadata=([*map(as_key, kinds)], [*map(between_keys, types)]))
        super().__init__(embedding, num_layers, readout, made, None, activation)

    def convolve(self, conv: nn.Module, state: Tensor, graph: Graph) -> Tensor:
        edges = need_types(graph)
        refuse_unequal(conv, graph.edges())
        states = dict(zip(map(as_key, edges.sizes), state.split(list(edges.sizes.values())), strict=True))
        found = conv(states, edge_index_dict(edges))
        made = [found.get(kind) for kind in states]
        return torch.cat(
            [torch.zeros_like(old) if new is None else new for new, old in zip(made, states.values(), strict=True)]
        )


def edge_index(edges: TypedEdges) -> Tensor:
    """Sender and receiver of each message, type by type.  [2, m]"""
    return torch.stack([edges.columns, edges.rows])


def edge_index_dict(edges: TypedEdges) -> dict[tuple[str, str, str], Tensor]:
    """Sender and receiver [2, m] of the messages of each type, each counted within its kind."""
    first, place = {}, 0
    for kind, size in edges.sizes.items():
        first[kind], place = place, place + size
    found = {}
    for number, (sender, name, receiver) in enumerate(edges.types):
        some = slice(edges.starts[number], edges.starts[number + 1])
        ends = edges.columns[some] - first[sender], edges.rows[some] - first[receiver]
        found[between_keys((sender, name, receiver))] = torch.stack(ends)
    return found


def as_key(kind: str) -> str:
    """A kind of nodes as a name that modules can have; ``#`` for a dot as in PyG."""
    return f"<{kind.replace('.', '#')}>"


def between_keys(edge_type: tuple[str, str, str]) -> tuple[str, str, str]:
    """The same of both ends of a type."""
    sender, name, receiver = edge_type
    return as_key(sender), name, as_key(receiver)

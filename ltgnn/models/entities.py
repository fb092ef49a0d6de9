"""Which models have states for the entities of a graph, and weigh its edges by their relation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any

from torch import Tensor

from ltgnn.types import EdgeMetadata, Encoder, Graph, TypedEdges, UserError


def entities_for(graph: Graph, embed: Callable[..., Any], encode: Callable[..., Any]) -> dict[str, Tensor]:
    """What an embedding is called with because of the graph: its entities, or nothing where it has none.

    ``embed``, ``encode``: what makes the embedding and the encoder. ``UserError`` where one of them does not take
    entities: an encoder declares it (``Encoder.takes_entities``), an embedding by its parameter ``entities``.
    """
    if graph.entities is None:
        return {}
    kind = encoder_class(encode)
    if kind is None or not kind.takes_entities or "entities" not in signature(embed).parameters:
        raise UserError(
            "graph=relations has entities besides users and items, for which this model= has no states: set "
            "model=lightgcn, lightgcnpp, layergcn, xsimgcl, kgat or pyg, or graph=symmetric."
        )
    return {"entities": graph.entities}


def types_for(graph: Graph, encode: Callable[..., Any]) -> dict[str, EdgeMetadata]:
    """What an encoder is called with that declares ``Encoder.reads_types``: kinds of nodes and types of edges."""
    kind = encoder_class(encode)
    return {"metadata": need_types(graph).metadata} if kind is not None and kind.reads_types else {}


def need_types(graph: Graph) -> TypedEdges:
    """The edges of the graph by type; ``UserError`` where it does not tell."""
    edges = graph.typed_edges()
    if edges is None:
        raise UserError(
            "this model= (kgat, or pyg with model/conv=rgcn or hgt) treats messages by their relation, which this "
            "graph= or views= does not tell: set graph=relations, and views=clean or one that adds noise."
        )
    return edges


def encoder_class(encode: Callable[..., Any]) -> type[Encoder] | None:
    """The class that ``encode`` makes; None where it is another function."""
    kind = encode.func if isinstance(encode, partial) else encode
    return kind if isinstance(kind, type) and issubclass(kind, Encoder) else None

"""Models that send their own messages, with graphs or views that do not tell along which edges: before data are loaded.

A model declares by ``reads_edges`` and ``reads_types`` that it needs ``Graph.edges`` or ``Graph.typed_edges``, and
refuses values of its own by ``conflicts``; views declare by ``changes_graph`` that they encode thinned graphs, which
have neither. What depends on the data is reported when the parts are built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ltgnn.config.parameters import located
from ltgnn.config.parts import ConfiguredPart, word_of
from ltgnn.types import Encoder, Graph


def conflicts_of_graph(parts: Mapping[str, list[ConfiguredPart]], choices: Mapping[str, Any]) -> Iterator[str]:
    """A line for each reason for which a model cannot read the graph, or refuses its own values."""
    graph, views = (next(iter(parts.get(group, ())), None) for group in ("graph", "views"))
    for part in parts.get("model", ()):
        if not isinstance(part.kind, type) or not issubclass(part.kind, Encoder):
            continue
        word = " ".join(word_of(group, choices) for group in ("model", "model/conv") if choices.get(group))
        if not part.kind.reads_edges and not part.kind.reads_types:
            continue
        yield from _missing_edges(part.kind, graph, word or "model", choices)
        if views is not None and views.states("changes_graph"):
            yield (
                f"{word or 'model'} sends messages of its own along the edges of the graph, which "
                f"{word_of('views', choices)} does not tell of the graphs it makes: set views=clean, or one that adds "
                "noise (simgcl, xsimgcl)."
            )
        yield from part.kind.conflicts(_given(part.node), {} if graph is None else _given(graph.node))


def _missing_edges(
    kind: type[Encoder], graph: ConfiguredPart | None, word: str, choices: Mapping[str, Any]
) -> Iterator[str]:
    """What the class of the graph does not tell."""
    if graph is None or not isinstance(graph.kind, type) or not issubclass(graph.kind, Graph):
        return
    untyped = graph.kind.typed_edges is Graph.typed_edges
    if kind.reads_types and (untyped or graph.node.get("item_edges")):
        yield (
            f"{word} treats messages by their relation, which {word_of('graph', choices)} does not tell: set "
            "graph=relations, without graph/item_edges."
        )
    elif kind.reads_edges and graph.kind.edges is Graph.edges:
        yield (
            f"{word} sends messages of its own along the edges of the graph, which {word_of('graph', choices)} does "
            "not tell: set graph=symmetric, or relations."
        )


def _given(node: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a node by parameter, nodes in it as ``functools.partial`` of their classes."""
    found: dict[str, Any] = {}
    for name, value in node.items():
        if isinstance(value, dict) and isinstance(target := value.get("_target_"), str):
            try:
                kind = located(target)
            except (ImportError, AttributeError):
                continue
            if callable(kind):
                found[name] = partial(kind, **{k: v for k, v in value.items() if not str(k).startswith("_")})
        elif not str(name).startswith("_"):
            found[str(name)] = value
    return found

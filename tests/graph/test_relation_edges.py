"""Edges of relations: what is refused, and how."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.relation_edges import RelationEdges, find_relation, relations_for
from ltgnn.graph.semantic import Edges
from ltgnn.types import Graph, Relation, UserError


class Own(RelationEdges):
    def connect(self, relations: Mapping[str, Relation], num_items: int) -> Edges:
        raise NotImplementedError


def test_a_graph_without_relations_refuses_it() -> None:
    with pytest.raises(UserError, match=r"Own makes edges from relations, and only graph.item_edges gets these"):
        Own()(None, 3)


def test_an_unknown_relation_is_named() -> None:
    with pytest.raises(UserError, match=r"reads the relation 'brand', but the data set has none"):
        find_relation({}, "brand")


def test_a_graph_that_declares_it_gets_the_relations() -> None:
    given: dict[str, Relation] = {}
    assert relations_for(partial(BipartiteGraph, kernel=None), given) == {"relations": given}
    assert relations_for(Graph, given) == {}
    assert relations_for(lambda train, features: None, given) == {}

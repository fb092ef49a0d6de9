"""Edges of relations: what is refused, and how."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ltgnn.graph.relation_edges import RelationEdges, find_relation
from ltgnn.graph.semantic import Edges
from ltgnn.types import Relation, UserError


class Own(RelationEdges):
    def connect(self, relations: Mapping[str, Relation], num_items: int) -> Edges:
        raise NotImplementedError


def test_a_graph_without_relations_refuses_it() -> None:
    with pytest.raises(UserError, match=r"Own makes edges from relations, and only graph.item_edges gets these"):
        Own()(None, 3)


def test_an_unknown_relation_is_named() -> None:
    with pytest.raises(UserError, match=r"reads the relation 'brand', but the data set has none"):
        find_relation({}, "brand")

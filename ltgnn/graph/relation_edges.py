"""Item-item edges that are made from the relations of the data set."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from torch import Tensor

from ltgnn.graph.semantic import Edges
from ltgnn.types import Graph, Relation, UserError


class RelationEdges:
    """Base of an entry of ``graph.item_edges`` that reads ``Dataset.relations`` in place of the item features."""

    reads_features: ClassVar[bool] = False

    @abstractmethod
    def connect(self, relations: Mapping[str, Relation], num_items: int) -> Edges:
        """Edges between the items ``0 .. num_items - 1``, each once."""
        raise NotImplementedError

    def __call__(self, features: Tensor | None, num_items: int) -> Edges:
        """Refused: without relations, as in model=freedom, there are no edges."""
        raise UserError(
            f"{type(self).__name__} makes edges from relations, and only graph.item_edges gets these: graph=symmetric "
            "graph/item_edges=OPTION."
        )


def find_relation(relations: Mapping[str, Relation], name: str) -> Relation:
    """The relation of that type; ``UserError`` with those that there are."""
    if name not in relations:
        there = ", ".join(relations) or "none"
        raise UserError(
            f"graph= reads the relation '{name}', but the data set has {there}: choose data= with it, or another graph."
        )
    return relations[name]


def relations_for(make: Callable[..., Any], relations: Mapping[str, Relation]) -> dict[str, Mapping[str, Relation]]:
    """What a graph that ``make`` builds is called with besides: the relations, if it declares that it reads them."""
    kind = make.func if isinstance(make, partial) else make
    reads = isinstance(kind, type) and issubclass(kind, Graph) and kind.reads_relations
    return {"relations": relations} if reads else {}

"""Entities as nodes behind users and items, and the edges that relations make to them and between items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.types import ITEM, Interactions, Relation, UserError

Weight = Annotated[float, Ge(0)]


@dataclass(frozen=True)
class Joined:
    """Undirected edges of relations between nodes: users ``0 .. U - 1``, items, then ``M`` entities."""

    left: Tensor  # [m] int64, items
    right: Tensor  # [m] int64, entities or other items
    strength: Tensor  # [m] float64
    relation: Tensor  # [m] int64, index into names
    names: tuple[str, ...]  # of the relations that have an edge
    trained: Tensor | None  # [M] bool, joined to an item with train interactions; None: there are no entities
    kinds: Mapping[str, int]  # how many entities of each kind, in the order of their numbers

    def __len__(self) -> int:
        """Entities: M."""
        return 0 if self.trained is None else len(self.trained)


NOTHING = torch.empty(0, dtype=torch.int64)
NO_ENTITIES = Joined(NOTHING, NOTHING, NOTHING.double(), NOTHING, (), None, {})


def join_entities(
    train: Interactions,
    relations: Mapping[str, Relation],
    weight: float,
    weights: Mapping[str, float],
    min_items: int,
) -> Joined:
    """The edges of all relations, each as strong as its relation: ``weights`` by name, ``weight`` of the others.

    Those of a relation of weight 0 are left out, and entities with fewer than ``min_items`` items over all relations
    that are left. Relations to the same kind share its nodes. Two relations between the same nodes are two edges, whose
    strengths add up; an item is not joined to itself. ``UserError`` where there are no relations, or not those named.
    """
    check_weights(relations, weight, weights)
    used = {name: one for name, one in relations.items() if weights.get(name, weight) > 0 and len(one)}
    first = train.num_users
    behind, place = first + train.num_items, 0
    kinds: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for one in used.values():
        if one.kind != ITEM and one.kind not in kinds:
            kinds[one.kind], place = place, place + one.num_others
            sizes[one.kind] = one.num_others
    left, right, strength, relation = [NOTHING], [NOTHING], [NOTHING.double()], [NOTHING]
    for number, (name, one) in enumerate(used.items()):
        others = one.others + (first if one.kind == ITEM else behind + kinds[one.kind])
        some = one.items + first != others
        left.append(one.items[some] + first)
        right.append(others[some])
        strength.append(torch.full((len(left[-1]),), weights.get(name, weight), dtype=torch.float64))
        relation.append(torch.full((len(left[-1]),), number, dtype=torch.int64))
    columns = torch.cat(left), torch.cat(right), torch.cat(strength), torch.cat(relation)
    return keep_frequent(Joined(*columns, tuple(used), None, sizes), train, min_items)


def keep_frequent(edges: Joined, train: Interactions, min_items: int) -> Joined:
    """Without the entities that have fewer items, and the others numbered without gaps."""
    behind, num_entities = train.num_users + train.num_items, sum(edges.kinds.values())
    to_entity = edges.right >= behind
    pairs = torch.unique(torch.stack([edges.left[to_entity], edges.right[to_entity] - behind]), dim=1)
    frequent = torch.bincount(pairs[1], minlength=num_entities) >= max(1, min_items)
    numbers = torch.cumsum(frequent, 0) - 1
    kept = ~to_entity
    kept[to_entity] = frequent[edges.right[to_entity] - behind]
    left, right, to_entity = edges.left[kept], edges.right[kept].clone(), to_entity[kept]
    right[to_entity] = behind + numbers[right[to_entity] - behind]
    used, relation = torch.unique(edges.relation[kept], return_inverse=True)
    warm = to_entity & (train.item_counts > 0)[left - train.num_users]
    trained = torch.zeros(int(frequent.sum()), dtype=torch.bool)
    trained[right[warm] - behind] = True
    names = tuple(edges.names[number] for number in used.tolist())
    left_of_kinds = [int(part.sum()) for part in frequent.split(list(edges.kinds.values()))] if edges.kinds else []
    return replace(
        edges,
        left=left,
        right=right,
        strength=edges.strength[kept],
        relation=relation,
        names=names,
        trained=trained if len(trained) else None,
        kinds={kind: n for kind, n in zip(edges.kinds, left_of_kinds, strict=True) if n},
    )


def check_weights(relations: Mapping[str, Relation], weight: float, weights: Mapping[str, float]) -> None:
    """``UserError`` without relations, for a weight below 0, and for one of a relation that is not there."""
    if not relations:
        raise UserError(
            "graph=relations joins entities by the relations of the data set, which has none: set data=ml100k_kg or "
            "another one with data.relations (+data/relations=fields), or graph=symmetric."
        )
    for name, value in {"weight": weight, **{f"weights.{name}": value for name, value in weights.items()}}.items():
        if not 0 <= value < float("inf"):
            raise UserError(f"graph.{name}={value} given, a number of 0 or more wanted.")
    if missing := [name for name in weights if name not in relations]:
        raise UserError(
            f"graph.weights names the relation '{missing[0]}', but the data set has {', '.join(relations)}: correct "
            "graph.weights, or choose data= with it."
        )

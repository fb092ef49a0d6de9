"""The user-item graph with the entities that items are related to, one given weight a relation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.graph.adjacency import Normalisation
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.entities import Weight, join_entities
from ltgnn.graph.kernels import Kernel
from ltgnn.graph.semantic import ItemEdges
from ltgnn.graph.strength import Strength
from ltgnn.types import ITEM, Interactions, Relation, TypedEdges, UserError


class RelationGraph(BipartiteGraph):
    """``D^-1/2 W D^-1/2`` (or another normalisation) over users, items and entities.

    ``W`` has 1 (times ``strength``) for an interaction and ``w_r`` for an edge of relation ``r`` between an item and an
    entity, or two items: ``weights`` by name, ``weight`` of the relations that have none there. Entities with fewer
    than ``min_items`` items are left out: one with a single item leads to no other. After the joint graph of KGAT (Wang
    et al., KDD 2019), without its attention; relations between two entities are not part of the data.

    Users, items and entities are one graph for the degrees. With all weights at 0 it is that of the interactions.
    """

    receivers: Tensor
    senders: Tensor

    def __init__(
        self,
        train: Interactions,
        normalisation: Normalisation,
        kernel: Kernel | None,
        weight: Weight,
        weights: Mapping[str, Weight],
        min_items: Annotated[int, Ge(1)],
        strength: Mapping[str, Strength] | None = None,
        item_edges: Mapping[str, ItemEdges] | None = None,
        message: Callable[[Tensor], Tensor] | None = None,
        features: Tensor | None = None,
        relations: Mapping[str, Relation] | None = None,
    ) -> None:
        joined = join_entities(train, relations or {}, weight, weights, min_items)
        super().__init__(
            train, normalisation, kernel, strength, item_edges, message, features, relations, joined=joined
        )
        receivers, senders = [train.users, train.items + train.num_users], [train.items + train.num_users, train.users]
        types = [(ITEM, "rev_interacts", "user"), ("user", "interacts", ITEM)]  # as ``Dataset.to_pyg`` names them
        for number, name in enumerate(joined.names):
            of, kind = joined.relation == number, (relations or {})[name].kind
            receivers += [joined.left[of], joined.right[of]]
            senders += [joined.right[of], joined.left[of]]
            types += [(kind, f"rev_{name}", ITEM), (ITEM, name, kind)]
        self.types = tuple(types)
        self.starts = (0, *accumulate(map(len, receivers)))
        self.register_buffer("receivers", torch.cat(receivers), persistent=False)
        self.register_buffer("senders", torch.cat(senders), persistent=False)

    def typed_edges(self) -> TypedEdges | None:
        """Interactions and relations; None with edges between items that are of neither."""
        if self.between_items:
            return None
        sizes = {"user": self.num_users, ITEM: self.num_items}
        if twice := sizes.keys() & self.joined.kinds.keys():
            raise UserError(f"a relation to the kind '{min(twice)}' given, as which other nodes count: rename it.")
        return TypedEdges(self.receivers, self.senders, self.starts, self.types, {**sizes, **self.joined.kinds})

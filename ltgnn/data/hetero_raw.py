"""The users, items and pairs of a ``torch_geometric.data.HeteroData``, of ltgnn or of others, before any cleaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ltgnn.data.hetero_data import IDS, LABELS, REVERSE
from ltgnn.data.raw import Raw
from ltgnn.types import ITEM, Relation, UserError

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

EdgeType = tuple[str, str, str]


@dataclass(frozen=True)
class HeteroNames:
    """What the types and attributes of a ``HeteroData`` are called; None: found, or by PyG's usual name if it is there.

    Its pairs are ``edge_index`` of the edge type from users to items. With ``edge_label_index`` these are the train
    part, and those the test part; ``val_edge_label_index`` is validation. An attribute of held-out pairs has the name
    of that of the others with ``edge_label_`` (``val_edge_label_``) before it; ``edge_label`` itself is their rating.
    """

    user: str = "user"  # node type of the users
    item: str | None = None  # node type of the items; None: the only one that users have edges to
    interactions: str | None = None  # edge type between them, its middle name; None: the only one
    rating: str | None = None  # edge attribute; None: there is none
    time: str | None = None  # edge attribute; None: "time"
    weight: str | None = None  # edge attribute; None: "edge_weight"

    def raw(self, data: HeteroData) -> Raw:
        """Its rows; ``UserError`` for names that are not there and for numbers out of range."""
        data = copy(data)  # asking it for a node type without attributes would add that
        edge_type = self.edge_type(data)
        user, _, item = edge_type
        kinds = {*data.node_types, *(end for start, _, stop in data.edge_types for end in (start, stop))}
        sizes = {kind: _size(data, kind) for kind in sorted(kinds)}
        store = data[edge_type]
        parts = {"train": "edge", **{part: label for part, label in LABELS.items() if f"{label}_index" in store}}
        parts = {"train": parts["train"], **{part: parts[part] for part in ("val", "test") if part in parts}}
        for label in list(parts.values())[1:]:
            if self.rating is None and label in store and bool((torch.as_tensor(store[label]) == 0).any()):
                raise UserError(
                    f"{edge_type}: {label} has zeros, pairs that are no interactions (as RandomLinkSplit adds them): "
                    "make the split with a neg_sampling_ratio of 0, or leave them out."
                )
        pairs = [_pairs(store[f"{label}_index"], edge_type, sizes[user], sizes[item]) for label in parts.values()]
        lengths = [one.shape[1] for one in pairs]
        columns = {role: self._column(role, store, list(parts.values()), lengths) for role in ROLES}
        users, items = torch.cat(pairs, 1).numpy().astype(np.int32)
        fields, numbers, vectors, other = _known(data[item], sizes[item])
        user_fields, user_numbers, user_vectors, more = _known(data[user], sizes[user])
        relations, between = _relations(data, edge_type, sizes)
        left = [f"{user}.{name}" for name in (*user_numbers, *user_vectors, *more)]
        left += [*(f"{item}.{name}" for name in other), *between]
        several = len(parts) > 1
        return Raw(
            users, items, _ids(data, user, sizes[user]), _ids(data, item, sizes[item]),
            times=columns["time"], ratings=columns["rating"], weights=columns["weight"],
            parts=np.repeat(np.arange(len(parts), dtype=np.int8), lengths) if several else None,
            part_names=tuple(parts) if several else ("all",),
            item_fields=fields, item_numbers=numbers, item_vectors=vectors, user_fields=user_fields,
            relations=relations, notes={"edge type": list(edge_type), "attributes left out": left},
        )  # fmt: skip

    def edge_type(self, data: HeteroData) -> EdgeType:
        """That of the interactions."""
        types: list[EdgeType] = [one for one in data.edge_types if "edge_index" in data[one]]
        found = [
            one
            for one in types
            if one[0] == self.user
            and (one[2] != self.user if self.item is None else one[2] == self.item)
            and (self.interactions is None or one[1] == self.interactions)
        ]
        if len(found) != 1:
            raise UserError(
                f"{len(found) or 'no'} edge types from {self.user!r} to {self.item or 'items'} given, one wanted; "
                f"there are {', '.join(map(str, types)) or 'none'}. Name it by data.reader.user, .item and "
                ".interactions (user=, item=, interactions= in Python)."
            )
        return found[0]

    def _column(self, role: str, store: Any, labels: Sequence[str], lengths: Sequence[int]) -> Any:
        """The values of all parts, in order; None where there are none of this role in one of them."""
        asked = {"rating": self.rating, "time": self.time, "weight": self.weight}[role]
        usual, kind = ROLES[role]
        if (name := asked or usual) is None:
            return None
        if asked is not None and name not in store:
            raise UserError(f"{role}={name}: no such edge attribute; there are {', '.join(store.keys())}.")
        places = [name, *(_label_name(store, label, name, role) for label in labels[1:])]
        if not all(place in store for place in places):
            return None
        values = [torch.as_tensor(store[place]).flatten() for place in places]
        if [len(one) for one in values] != list(lengths):
            raise UserError(
                f"{role}={name}: {sum(map(len, values))} values given, one of each of {sum(lengths)} edges."
            )
        return torch.cat([one.double() for one in values]).numpy().astype(kind)


ROLES: Mapping[str, tuple[str | None, type]] = {
    "rating": (None, np.float32), "time": ("time", np.float64), "weight": ("edge_weight", np.float32),
}  # fmt: skip
"""What is read of edges -> the usual name of the attribute, and its type."""


def _label_name(store: Any, label: str, name: str, role: str) -> str:
    place = f"{label}_{name.removeprefix('edge_')}"
    return label if role == "rating" and place not in store and label in store else place


def _size(data: HeteroData, kind: str) -> int:
    """Nodes of a type: as it says, as many as its attributes have, or by the largest number on an edge."""
    store = data[kind]
    if "num_nodes" in store:
        return int(store.num_nodes)
    known = [len(values) for values in store.values() if isinstance(values, list | tuple | Tensor)]
    ends = [int(index.max()) + 1 for index in _ends(data, kind) if index.numel()]
    return known[0] if known else max(ends, default=0)


def _ends(data: HeteroData, kind: str) -> Iterator[Tensor]:
    for one in data.edge_types:
        for name in ("edge_index", *(f"{label}_index" for label in LABELS.values())):
            if isinstance(data[one].get(name), Tensor):
                yield from (data[one][name][side] for side, end in ((0, one[0]), (1, one[2])) if end == kind)


def _pairs(index: Any, edge_type: EdgeType, num_left: int, num_right: int) -> Tensor:
    """The pairs of an edge type [2, n] int64; ``UserError`` for another shape or numbers out of range."""
    if not isinstance(index, Tensor) or index.dim() != 2 or index.shape[0] != 2 or index.is_floating_point():
        given = f"{index.dtype} {list(index.shape)}" if isinstance(index, Tensor) else type(index).__name__
        raise UserError(f"{edge_type}: {given} given as edges, whole numbers [2, E] wanted.")
    for side, size in ((0, num_left), (1, num_right)):
        if index.shape[1] and not (int(index[side].min()) >= 0 and int(index[side].max()) < size):
            raise UserError(
                f"{edge_type}: nodes {int(index[side].min())} to {int(index[side].max())} given, 0 to {size - 1} "
                f"wanted (num_nodes of {edge_type[2 * side]!r})."
            )
    return torch.as_tensor(index).long()


def _ids(data: HeteroData, kind: str, size: int) -> pl.Series:
    """Raw ids as texts; without ``raw_id`` the numbers of the nodes."""
    given = data[kind][IDS] if IDS in data[kind] else range(size)
    ids = pl.Series([str(one) for one in (given.tolist() if isinstance(given, Tensor) else given)], dtype=pl.String)
    if ids.n_unique() != size:
        raise UserError(f"{kind}.{IDS}: {len(ids)} ids given, of which {ids.n_unique()} differ; {size} wanted.")
    return ids


def _known(store: Any, size: int) -> tuple[dict[str, pl.Series], dict[str, Any], dict[str, Any], list[str]]:
    """Texts, numbers [n], vectors [n, D], and the names of attributes that are none of these."""
    fields, numbers, vectors, other = {}, {}, {}, []
    for name, values in store.items():
        if name in ("num_nodes", IDS):
            continue
        plain = isinstance(values, Tensor) and not values.is_complex() and not values.is_sparse and len(values) == size
        if isinstance(values, list | tuple) and len(values) == size and all(isinstance(one, str) for one in values):
            fields[name] = pl.Series(list(values), dtype=pl.String)
        elif plain and values.dim() == 1:
            numbers[name] = values.float().numpy()
        elif plain and values.dim() == 2:
            vectors[name] = values.float().numpy()
        else:
            other.append(name)
    return fields, numbers, vectors, other


def _relations(
    data: HeteroData, interactions: EdgeType, sizes: Mapping[str, int]
) -> tuple[dict[str, Relation], list[str]]:
    """Edges from items to entities or other items, without those that repeat others reversed; the types left out."""
    user, _, item = interactions
    found, left = {}, []
    for one in data.edge_types:
        start, name, end = one
        forward = (end, name.removeprefix(REVERSE), start)
        if one == interactions or {start, end} == {user, item} or (name != forward[1] and forward in data.edge_types):
            continue
        if start != item or end == user or name in found or "edge_index" not in data[one]:
            left.append(str(one))
            continue
        pairs = _pairs(data[one].edge_index, one, sizes[start], sizes[end])
        ids = () if end == item or IDS not in data[end] else tuple(map(str, data[end][IDS]))
        found[name] = Relation(pairs[0], pairs[1], sizes[end], ITEM if end == item else end, ids)
    return found, left

"""A data set as ``torch_geometric.data.HeteroData``, named as PyG's loaders, transforms and data sets expect it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ltgnn.types import ITEM, Dataset, Interactions, Relation, UserError

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

USER, INTERACTS, REVERSE = "user", "interacts", "rev_"
IDS = "raw_id"
"""The attribute of a node type with the raw ids."""

LABELS = {"val": "val_edge_label", "test": "edge_label"}
"""Part -> what the attributes with its pairs begin with: ``edge_label_index`` is that of ``LinkNeighborLoader``."""

RESERVED = frozenset({"num_nodes", IDS, "x"})


def to_hetero_data(
    dataset: Dataset, parts: Mapping[str, Interactions] | None = None, features: Tensor | str | None = None
) -> HeteroData:
    """The data set with ``parts``, those of a split for instance; None: its own.

    - Node types ``user``, ``item`` and the kinds of the relations: ``num_nodes``, ``raw_id`` (texts), and what is known
      of them by name: texts as lists, numbers [n], vectors [n, D].
    - ``x`` of the items [I, D]: ``features``, a matrix or the name of vectors that came with the data.
    - ``("user", "interacts", "item")`` and ``("item", "rev_interacts", "user")``: ``edge_index`` [2, E] of all pairs or
      of the train part alone, so that no message passes over a held-out pair; ``time`` [E], int64 where they are whole
      seconds; ``edge_weight`` [E].
    - Held-out pairs: ``edge_label_index`` [2, n] of the test part, as PyG's own data sets for recommendation have it,
      ``val_edge_label_index`` of validation; times and weights as ``edge_label_time``, ``edge_label_weight`` ...
    - ``("item", TYPE, KIND)`` and ``(KIND, "rev_TYPE", "item")`` of each relation.

    Raises:
        UserError: Names that stand for something else in HeteroData; features of another number of items.
    """
    from torch_geometric.data import HeteroData

    data = HeteroData()
    _nodes(data[USER], dataset.user_ids, dataset.user_fields)
    vectors = {**dataset.item_numbers, **dataset.item_vectors}
    _nodes(data[ITEM], dataset.item_ids, {**dataset.item_fields, **vectors})
    if features is not None:
        data[ITEM].x = _features(dataset, features)
    given = dict(dataset.parts if parts is None else parts)
    first = "train" if "train" in given else "all"
    if set(given) - {first, *(LABELS if first == "train" else ())} or first not in given:
        raise UserError(f"parts {', '.join(given)} given; all, or train with val and test wanted.")
    forward, backward = data[USER, INTERACTS, ITEM], data[ITEM, f"{REVERSE}{INTERACTS}", USER]
    for name, column in _columns(given[first]).items():
        forward[name] = column
        backward[name] = column.flip(0) if name == "edge_index" else column
    for part, label in LABELS.items():
        for name, column in _columns(given[part]).items() if part in given else ():
            forward[f"{label}_{name.removeprefix('edge_')}"] = column
    for name, relation in dataset.relations.items():
        _relation(data, name, relation)
    return data


def _nodes(store: Any, ids: Sequence[str], known: Mapping[str, Any]) -> None:
    if wrong := sorted(RESERVED & set(known)):
        raise UserError(f"a field called {wrong[0]!r} given, which HeteroData has another use for: rename it.")
    store.num_nodes = len(ids)
    store[IDS] = list(ids)
    for name, values in known.items():
        store[name] = values if isinstance(values, Tensor) else list(values)


def _features(dataset: Dataset, features: Tensor | str) -> Tensor:
    if isinstance(features, str):
        if features not in dataset.item_vectors:
            there = ", ".join(dataset.item_vectors) or "none"
            raise UserError(f"features={features!r} given; a matrix [I, D] or vectors of the data wanted: {there}.")
        return dataset.item_vectors[features]
    if features.dim() != 2 or len(features) != dataset.num_items:
        raise UserError(f"features {list(features.shape)} given, [{dataset.num_items}, D] wanted: a row for each item.")
    return features


def _columns(pairs: Interactions) -> dict[str, Tensor]:
    """``edge_index``, and ``time`` and ``edge_weight`` where there are some."""
    columns = {"edge_index": torch.stack([pairs.users.long(), pairs.items.long()])}
    if pairs.times is not None:
        seconds = pairs.times.long()
        columns["time"] = seconds if bool((seconds == pairs.times).all()) else pairs.times
    if pairs.weights is not None:
        columns["edge_weight"] = pairs.weights
    return columns


def _relation(data: HeteroData, name: str, relation: Relation) -> None:
    if relation.kind == USER:
        raise UserError(f"relation {name!r}: its kind is called 'user', as the users are: rename it.")
    if relation.kind != ITEM:
        data[relation.kind].num_nodes = relation.num_others
        if relation.other_ids:
            data[relation.kind][IDS] = list(relation.other_ids)
    index = torch.stack([relation.items, relation.others])
    data[ITEM, name, relation.kind].edge_index = index
    data[relation.kind, f"{REVERSE}{name}", ITEM].edge_index = index.flip(0)

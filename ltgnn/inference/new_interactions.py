"""A finished run's problem and module, extended by new events, users and items; the weights are unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor

from ltgnn.build import Problem, build_features, build_groups, build_module, uses_features
from ltgnn.features.blocks import extend
from ltgnn.features.new_items import encode_new_items
from ltgnn.inference.incremental_propagation import match_sorted
from ltgnn.module import Recommender
from ltgnn.scoring.known_items import has_interactions
from ltgnn.types import ITEM, Dataset, Features, Interactions, UserError


@dataclass(frozen=True)
class NewInteractions:
    """New pairs in the numbers of the extended catalogue, and the new ids in the order of their numbers."""

    users: Tensor  # [m] int64; distinct pairs that the train part lacks
    items: Tensor  # [m] int64
    user_ids: Sequence[str]
    item_ids: Sequence[str]
    item_fields: Mapping[str, Sequence[str]]
    item_numbers: Mapping[str, Sequence[float]] = field(default_factory=dict)  # nan where missing
    repeated: int = 0  # events of known pairs
    weights: Tensor | None = None  # [m] float32; None: 1 each


def encode_new(
    dataset: Dataset,
    train: Interactions,
    events: Sequence[tuple[str, str]],
    items: Mapping[str, Mapping[str, Any]],
    weights: Sequence[float] | None = None,
    repeats: str = "sum",
) -> NewInteractions:
    """Events (user id, item id) and new items (id -> column -> text or number), coded.

    Ids that are not known become new nodes. ``weights``: of the events; of a pair with several the ``first``, the
    ``last`` or the ``sum`` counts.
    """
    users = {name: number for number, name in enumerate(dataset.user_ids)}
    goods = {name: number for number, name in enumerate(dataset.item_ids)}
    if known := [name for name in items if name in goods]:
        raise UserError(f"items=: '{known[0]}' is an item of the run already ({len(known)} such); give new items only")
    for name in items:
        goods[name] = len(goods)
    for user, item in events:
        users.setdefault(user, len(users))
        goods.setdefault(item, len(goods))
    new_items = list(goods)[len(dataset.item_ids) :]
    codes = torch.tensor([(users[u], goods[i]) for u, i in events], dtype=torch.int64).reshape(-1, 2)
    keys, pair = torch.unique(codes[:, 0] * len(goods) + codes[:, 1], return_inverse=True)
    new_pairs = ~match_sorted(keys, train.users * len(goods) + train.items)[0]
    weighed = None if weights is None else _of_each_pair(torch.tensor(weights), pair, len(keys), repeats)[new_pairs]
    keys = keys[new_pairs]
    fields = {name: [items.get(item, {}).get(name, "") for item in new_items] for name in dataset.item_fields}
    numbers = {name: [_number(items.get(item, {}).get(name)) for item in new_items] for name in dataset.item_numbers}
    new_users = list(users)[len(dataset.user_ids) :]
    return NewInteractions(
        keys // len(goods), keys % len(goods), new_users, new_items, fields, numbers, len(events) - len(keys), weighed
    )


def _of_each_pair(weights: Tensor, pair: Tensor, pairs: int, repeats: str) -> Tensor:
    """Weights of events [n], each of the ``pair`` of that number, as weights of the pairs.  [pairs] float32"""
    if repeats == "sum":
        return torch.zeros(pairs).index_add_(0, pair, weights.float())
    found, order = torch.zeros(pairs), range(len(pair))
    for event in order if repeats == "last" else reversed(order):
        found[pair[event]] = weights[event]
    return found


def _number(value: Any) -> float:
    return torch.nan if value is None else float(value)


def extend_problem(cfg: DictConfig, problem: Problem, new: NewInteractions) -> Problem:
    """The setting with the new pairs in its train part; texts of new items are read as those of the run were."""
    data, split = problem.dataset, problem.split
    num_users, num_items = data.num_users + len(new.user_ids), data.num_items + len(new.item_ids)

    def resized(part: Interactions) -> Interactions:
        return replace(part, num_users=num_users, num_items=num_items)

    old, m = split.train, len(new.users)
    times = None if old.times is None else torch.cat([old.times, old.times.max().expand(m)])
    weights = (
        None if old.weights is None else torch.cat([old.weights, torch.ones(m) if new.weights is None else new.weights])
    )
    train = Interactions(
        torch.cat([old.users, new.users]), torch.cat([old.items, new.items]), num_users, num_items, times, weights
    )
    keys = new.users * num_items + new.items
    val, test = (resized(part) for part in (split.val, split.test))
    val, test = (part.select(~match_sorted(keys, part.keys)[1]) for part in (val, test))
    dataset = replace(
        data,
        user_ids=[*data.user_ids, *new.user_ids],
        item_ids=[*data.item_ids, *new.item_ids],
        item_fields={name: [*column, *new.item_fields[name]] for name, column in data.item_fields.items()},
        item_numbers={
            name: torch.cat([values, torch.tensor(new.item_numbers[name], dtype=values.dtype)])
            for name, values in data.item_numbers.items()
        },
        item_vectors={
            name: torch.cat([rows, rows.new_zeros(len(new.item_ids), *rows.shape[1:])])
            for name, rows in data.item_vectors.items()
        },
        user_fields={name: [*column, *([""] * len(new.user_ids))] for name, column in data.user_fields.items()},
        relations={
            name: replace(relation, num_others=num_items) if relation.kind == ITEM else relation
            for name, relation in data.relations.items()
        },
    )

    def extend_features() -> Features | None:
        features = problem.features
        if features is None or not new.item_ids:
            return features
        return extend(features, encode_later(cfg, problem, dataset))

    split = replace(split, train=train, val=val, test=test)
    after = Problem(dataset, split, build_groups(cfg, train.item_counts), extend_features)
    if uses_features(cfg, problem):
        _ = after.features  # an item without text is reported before anything is computed
    return after


def encode_later(cfg: DictConfig, problem: Problem, grown: Dataset) -> Tensor:
    """Features of the new items; zeros where they cannot be made and the run does not read any.  [n, D]"""
    assert problem.features is not None
    try:
        return encode_new_items(
            build_features(cfg), problem.features, problem.dataset, problem.split.train.item_counts, grown
        )
    except UserError:
        if uses_features(cfg, problem):
            raise
    return torch.zeros(grown.num_items - problem.dataset.num_items, problem.features.values.shape[1])


def rebuild_module(cfg: DictConfig, problem: Problem, after: Problem, state: Mapping[str, Tensor]) -> Recommender:
    """Module of the extended problem, built from scratch, with the weights ``state``: the slow way.

    Rows of new users and items in the tables of ids are 0, and so is the id of an item that was cold in training.
    """
    module = build_module(cfg, after)
    embedding, train = module.encoder.embedding, problem.split.train
    tables = {id(table): kind for kind, table in embedding.tables.items()}
    kinds = {name: tables[id(weight)] for name, weight in module.named_parameters() if id(weight) in tables}
    trained = {"users": torch.ones(train.num_users, dtype=torch.bool), "items": has_interactions(train.item_counts)}
    grown_state = {
        name: embedding.grow(kinds[name], weight, trained[kinds[name]]) if name in kinds else weight
        for name, weight in state.items()
    }
    try:
        module.load_state_dict(grown_state)
    except RuntimeError as error:
        raise UserError(
            f"this model has weights for each user or item that cannot grow; train it again ({error})"
        ) from error
    return module.eval()

"""Which entities become nodes, and what is wrong with weights."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.entities import join_entities
from ltgnn.types import Relation, UserError
from tests.graph.relations_case import TRAIN, relations


def relation(*edges: tuple[int, int], size: int = 4, kind: str = "brand") -> Relation:
    items, others = torch.tensor(edges).T
    return Relation(items, others, size, kind)


def test_entities_with_few_items_are_left_out() -> None:
    """Items are counted over all relations to a kind, an item with two of them once."""
    given = {
        "made": relation((0, 0), (1, 0), (2, 1), (3, 2)),
        "sold": relation((0, 0), (4, 1), (3, 2)),
        "then": relation((0, 1), (1, 1), size=23, kind="item"),
    }
    joined = join_entities(TRAIN, given, 1.0, {"sold": 0.5}, 2)
    assert joined.names == ("made", "sold", "then")
    edges = set(
        zip(
            joined.left.tolist(), joined.right.tolist(), joined.strength.tolist(), joined.relation.tolist(), strict=True
        )
    )
    assert edges == {
        (17, 40, 1.0, 0), (18, 40, 1.0, 0), (19, 41, 1.0, 0), (17, 40, 0.5, 1), (21, 41, 0.5, 1), (17, 18, 1.0, 2),
    }  # fmt: skip
    assert len(joined) == 2
    assert len(join_entities(TRAIN, given, 1.0, {}, 1)) == 3
    assert join_entities(TRAIN, given, 1.0, {"sold": 0}, 2).names == ("made", "then")
    assert join_entities(TRAIN, {"made": given["made"]}, 1.0, {}, 3).trained is None


def test_an_entity_of_cold_items_alone_is_not_trained() -> None:
    given = {"brand": relation((22, 0), (22, 1), (0, 1))}
    joined = join_entities(TRAIN, given, 1.0, {}, 1)
    assert joined.trained is not None
    assert joined.trained.tolist() == [False, True]


def test_wrong_weights_are_named() -> None:
    with pytest.raises(UserError, match=r"which has none: set data=ml100k_kg"):
        join_entities(TRAIN, {}, 1.0, {}, 1)
    with pytest.raises(UserError, match=r"graph.weight=-1.0 given, a number of 0 or more wanted"):
        join_entities(TRAIN, relations(), -1.0, {}, 1)
    with pytest.raises(UserError, match=r"graph.weights.actor=nan given"):
        join_entities(TRAIN, relations(), 1.0, {"actor": float("nan")}, 1)
    with pytest.raises(UserError, match=r"names the relation 'actors', but the data set has actor, director, brand, t"):
        join_entities(TRAIN, relations(), 1.0, {"actors": 1.0}, 1)

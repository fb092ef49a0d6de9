"""Trees as plain numbers against a walk from the root, and against the library that fitted them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.scoring.trees import LOWEST, Tree, predict


def grown(leaves: int, generator: Any) -> dict[str, Any]:
    """A tree of any shape, as LightGBM dumps it."""
    if leaves == 1:
        return {"leaf_value": float(generator.normal())}
    left = int(generator.integers(1, leaves))
    return {
        "split_feature": int(generator.integers(3)),
        "threshold": float(generator.integers(-2, 3)),
        "left_child": grown(left, generator),
        "right_child": grown(leaves - left, generator),
    }


def walk(node: dict[str, Any], row: Any) -> float:
    while "leaf_value" not in node:
        node = node["left_child" if row[node["split_feature"]] <= node["threshold"] else "right_child"]
    return float(node["leaf_value"])


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 16), st.integers(0, 10_000))
def test_values_are_those_of_a_walk_from_the_root(leaves: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    dumped = [grown(leaves, generator) for _ in range(3)]
    rows = generator.integers(-3, 4, (50, 3)).astype(np.float64)  # ties with thresholds
    found = predict([Tree.of(tree) for tree in dumped], np.ascontiguousarray(rows.T))
    assert found == pytest.approx([sum(walk(tree, row) for tree in dumped) for row in rows])


def test_lowest_bit() -> None:
    assert [int(LOWEST[n]) for n in (1, 2, 3, 4, 6, 12, 0x8000, 0xFFFF)] == [0, 1, 0, 2, 1, 2, 15, 0]


def test_values_are_those_of_the_library() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(400, 3)).astype(np.float32).astype(np.float64)
    data = lightgbm.Dataset(rows, rows[:, 0] * rows[:, 1] + rows[:, 2])
    options = {"num_leaves": 16, "min_data_in_leaf": 2, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(options, data, 20)
    trees = [Tree.of(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    np.testing.assert_allclose(predict(trees, np.ascontiguousarray(rows.T)), booster.predict(rows), rtol=1e-12)

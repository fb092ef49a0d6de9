"""Edges between items by the weights of a closed form, against a naive loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from torch import Tensor

from ltgnn.graph.learned_edges import InteractionEdges, LearnedEdges, largest
from ltgnn.inference.finished_run import open_run
from ltgnn.scoring.item_weights import SparseItemItemWeights
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.types import Interactions, Scorer, UserError
from tests.conftest import run_folders


class Given:
    """A closed form of given weights."""

    reads_features = False

    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        return SparseItemItemWeights(csr_matrix((2, len(self.weights))), csr_matrix(self.weights))


class Thin(Given):
    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        return InnerProduct(torch.ones(2, 1), torch.ones(1, 3))


def nothing_known(items: int) -> Interactions:
    return Interactions(torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64), 2, items)


@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 1000))
def test_edges_are_those_of_a_naive_loop(items: int, k: int, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    dense = numbers.integers(-4, 5, (items, items)) * (numbers.random((items, items)) < 0.6) * 0.25
    both = (dense + dense.T) / 2
    wanted = set()
    for item in range(items):
        others = [j for j in range(items) if j != item and both[item, j] > 0]
        wanted |= {(min(item, j), max(item, j)) for j in sorted(others, key=lambda j: (-both[item, j], j))[:k]}
    found = LearnedEdges({"closed_form": Given(dense)}, k, 0.5).connect(nothing_known(items), None)
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert set(pairs) == wanted
    assert len(pairs) == len(wanted)
    assert found.strength.tolist() == pytest.approx([both[pair] * 0.5 for pair in pairs])


def test_largest_keeps_the_first_of_equal_values() -> None:
    matrix = csr_matrix(np.array([[9.0, 1, 1], [1, 9, 1], [1, 2, 9]]))
    assert largest(matrix, 1).toarray().tolist() == [[0, 0, 1], [1, 0, 0], [0, 2, 0]]


def test_a_closed_form_without_sparse_weights_is_refused() -> None:
    with pytest.raises(UserError, match=r"Thin has no sparse weights between items. Set model@graph"):
        LearnedEdges({"closed_form": Thin([])}, 1, 1.0).connect(nothing_known(3), None)


def test_a_graph_of_items_alone_refuses_it() -> None:
    class Own(InteractionEdges):
        def connect(self, train: Interactions, features: Tensor | None) -> Any:
            raise NotImplementedError

    with pytest.raises(UserError, match=r"Own makes edges from interactions, and only graph.item_edges gets these"):
        Own()(None, 3)


@pytest.mark.parametrize("base", ["ease_local", "item_knn"])
def test_a_run_trains_on_them(launch: Callable[..., int], tmp_path: Path, base: str) -> None:
    words = ("graph=learned", f"model@graph.item_edges.learned.base={base}", "fusion=id")
    assert launch(*words, "paths.log_dir=with") == 0
    assert launch("fusion=id", "paths.log_dir=without") == 0
    (run,), (other,) = run_folders(tmp_path / "with"), run_folders(tmp_path / "without")
    users = torch.arange(5)
    assert not torch.equal(open_run(run).scorer(users), open_run(other).scorer(users))

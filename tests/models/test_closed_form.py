"""Closed forms against dense float64 linear algebra and naive loops over the definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ltgnn.models.closed_form.als import ALS
from ltgnn.models.closed_form.blend import Blend
from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.models.closed_form.neighbours import ContentKNN, ItemKNN
from ltgnn.models.closed_form.plain import Popularity, Random
from ltgnn.models.closed_form.spectral import GFCF, SVD, singular_vectors
from ltgnn.scoring.forms import decompose
from ltgnn.scoring.scorers import ItemItemWeights
from ltgnn.types import ClosedForm, Interactions, UserError
from tests.conftest import random_interactions

USERS, ITEMS = 30, 17
TRAIN = random_interactions(USERS, ITEMS - 1, 0.2, seed=3)
TRAIN = Interactions(TRAIN.users, TRAIN.items, USERS, ITEMS)  # the last item is cold
TEXT = torch.randn(ITEMS, 5, generator=torch.Generator().manual_seed(1))
EVERYONE = torch.arange(USERS)


def dense() -> Tensor:
    matrix = torch.zeros(USERS, ITEMS, dtype=torch.float64)
    matrix[TRAIN.users, TRAIN.items] = 1
    return matrix


def degrees(exponent: float) -> tuple[Tensor, Tensor]:
    left, right = dense().sum(1) ** exponent, dense().sum(0) ** exponent
    return torch.diag(left), torch.diag(torch.where(right.isinf(), 0.0, right))


def scores_of(model: ClosedForm, text: Tensor | None) -> Tensor:
    """What the formula gives to every user and item, also to the one that is not scorable."""
    return model.fit(TRAIN, text).unmasked()(EVERYONE)


def close(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found.double(), wanted, rtol=1e-4, atol=1e-5)


def test_popularity_and_random() -> None:
    assert scores_of(Popularity(), None)[3].tolist() == dense().sum(0).tolist()
    scorer = Random(seed=1).fit(TRAIN, None)
    scores = scorer(EVERYONE)
    assert torch.equal(scores[5:9], scorer(EVERYONE[5:9]))
    assert scores.min() >= 0
    assert scores.max() < 1
    assert len(scores.unique()) == USERS * ITEMS
    assert abs(scores.mean() - 0.5) < 4 * (1 / 12 / scores.numel()) ** 0.5
    assert not torch.equal(scores, scores_of(Random(seed=2), None))


def solve_ease(gram: Tensor, l2: float) -> Tensor:
    """Column by column: ridge regression of each item on all others."""
    weights = torch.zeros(ITEMS, ITEMS, dtype=torch.float64)
    for item in range(ITEMS):
        rest = [j for j in range(ITEMS) if j != item]
        left = gram[rest][:, rest] + l2 * torch.eye(ITEMS - 1, dtype=torch.float64)
        weights[rest, item] = torch.linalg.solve(left, gram[rest, item])
    return weights


def test_ease_is_a_ridge_regression_of_each_item_on_the_others() -> None:
    matrix = dense()
    close(scores_of(EASE(3.0, 100), None), matrix @ solve_ease(matrix.T @ matrix, 3.0))


def test_rows_of_the_weights_lie_in_one_piece() -> None:
    found = decompose(EASE(3.0, 100).fit(TRAIN, None))
    assert found is not None
    assert isinstance(found[0], ItemItemWeights)
    assert found[0].weights.is_contiguous()


def test_text_ease_sees_text_dimensions_as_users() -> None:
    centred = TEXT.double() - TEXT.double().mean(0)
    unit = centred / centred.norm(dim=1, keepdim=True)
    stacked = torch.cat([dense(), 2.0**0.5 * unit.T])
    close(scores_of(ContentEASE(3.0, 100, 2.0), TEXT), dense() @ solve_ease(stacked.T @ stacked, 3.0))
    plain = scores_of(EASE(3.0, 100), None)
    assert torch.equal(scores_of(ContentEASE(3.0, 100, 0.0), TEXT), plain)
    assert (plain[:, -1] == 0).all()
    assert (scores_of(ContentEASE(3.0, 100, 2.0), TEXT)[:, -1] != 0).all()  # the cold item is reached


def naive_neighbours(similarity: list[list[float]], k: int) -> Tensor:
    total = torch.zeros(USERS, ITEMS, dtype=torch.float64)
    for user, item in zip(TRAIN.users.tolist(), TRAIN.items.tolist(), strict=True):
        others = sorted((j for j in range(ITEMS) if j != item), key=lambda j: -similarity[item][j])[:k]
        for j in others:
            total[user, j] += similarity[item][j]
    return total


def test_item_knn_naive() -> None:
    owners = [set(TRAIN.users[TRAIN.items == i].tolist()) for i in range(ITEMS)]
    similarity = [[len(a & b) / (math.sqrt(len(a) * len(b)) + 1.5) for b in owners] for a in owners]
    for k in (ITEMS - 1, 40):
        close(scores_of(ItemKNN(k, 1.5), None), naive_neighbours(similarity, k))
    few = scores_of(ItemKNN(3, 1.5), None).double()
    close(few.sum(1), naive_neighbours(similarity, 3).sum(1))  # which of tied neighbours is kept is open


def test_text_knn_naive() -> None:
    unit = TEXT.double() / TEXT.double().norm(dim=1, keepdim=True)
    close(scores_of(ContentKNN(4), TEXT), naive_neighbours((unit @ unit.T).tolist(), 4))


def test_gfcf_dense() -> None:
    left, right = degrees(-0.5)
    graph = left @ dense() @ right
    vectors = torch.linalg.svd(graph)[2][:6]
    low = right @ vectors.T @ vectors @ degrees(0.5)[1]
    close(scores_of(GFCF(6, 0.3), None), dense() @ (graph.T @ graph + 0.3 * low))


@pytest.mark.parametrize("layers", [0, 2])
def test_svd_propagated_over_the_graph(layers: int) -> None:
    left, right = degrees(-0.5)
    graph = left @ dense() @ right
    u, s, v = torch.linalg.svd(graph, full_matrices=False)
    states = [torch.cat([u[:, :5] * s[:5].sqrt(), v[:5].T * s[:5].sqrt()])]
    whole = torch.zeros(USERS + ITEMS, USERS + ITEMS, dtype=torch.float64)
    whole[:USERS, USERS:], whole[USERS:, :USERS] = graph, graph.T
    for _ in range(layers):
        states.append(whole @ states[-1])
    users, items = torch.stack(states).mean(0).split([USERS, ITEMS])
    close(scores_of(SVD(5, layers), None), users @ items.T)


def test_singular_vectors_of_a_large_matrix_are_exact() -> None:
    """Past 200 rows ARPACK takes over; the same subspace as LAPACK."""
    from scipy.sparse import random as random_matrix

    matrix = random_matrix(260, 230, 0.1, random_state=0, format="csr")
    _, values, right = singular_vectors(matrix, 12)
    wanted = np.linalg.svd(matrix.toarray())
    np.testing.assert_allclose(values, wanted[1][:12], rtol=1e-5)
    np.testing.assert_allclose(right.T @ right, wanted[2][:12].T @ wanted[2][:12], atol=1e-5)
    again = singular_vectors(matrix, 12)[2]
    assert (again == right).all()


def test_als_lowers_its_objective_and_repeats() -> None:
    pytest.importorskip("implicit")
    first, second = (scores_of(ALS(4, 0.1, 5.0, 10, seed=s), None) for s in (0, 0))
    assert torch.equal(first, second)
    target, weight = dense(), 1 + (5.0 - 1) * dense()

    def error(scores: Tensor) -> float:
        return float((weight * (target - scores.double()) ** 2).sum())

    once = scores_of(ALS(4, 0.1, 5.0, 1, seed=0), None)
    assert error(first) < error(once) < error(torch.zeros_like(target))


def test_blend_is_the_weighted_sum() -> None:
    parts = {"ease": EASE(3.0, 100), "text": ContentKNN(4), "off": None}
    scores = scores_of(Blend(parts, {"ease": 2.0, "text": 0.5}), TEXT)
    wanted = 2 * scores_of(EASE(3.0, 100), None) + 0.5 * scores_of(ContentKNN(4), TEXT)
    torch.testing.assert_close(scores, wanted)
    with pytest.raises(UserError, match="a weight for each of ease, text"):
        Blend(parts, {"ease": 1.0})


def test_what_is_missing_is_said() -> None:
    with pytest.raises(UserError, match="max_items"):
        EASE(1.0, 10).fit(TRAIN, None)
    with pytest.raises(UserError, match="features=minilm"):
        ContentKNN(3).fit(TRAIN, None)
    with pytest.raises(UserError, match="features=minilm"):
        ContentEASE(1.0, 100, 1.0).fit(TRAIN, None)

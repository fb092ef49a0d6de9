"""Input of metrics beyond accuracy: the lists of all users, with the data they are evaluated against."""

from __future__ import annotations

from math import log, sqrt

import pytest
import torch
from torch import Tensor

from ltgnn.evaluation import diversity, exposure, popularity, ties
from tests.evaluation.beyond_accuracy_case import D2, D3, GROUPS, LISTS

H = sqrt(1 / 2)

PER_USER: list[tuple[str, Tensor | None, list[float]]] = [
    ("ties", ties.ties(LISTS), [2 / 3, 1, 0]),
    ("arp", popularity.arp(LISTS), [3 / 3, 3 / 2, 6 / 3]),
    ("novelty", popularity.novelty(LISTS), [(1 + 2 + 2) / 2 / 3, (2 + 1) / 2 / 2, (0 + 2 + 2) / 2 / 3]),
    (
        "epc",
        popularity.epc(LISTS),
        [
            (2 / 4 + D2 * 3 / 4 + D3 * 4 / 4) / (1 + D2 + D3),
            (3 / 4 + D2 * 2 / 4) / (1 + D2),
            (0 + D2 * 3 / 4 + D3 * 3 / 4) / (1 + D2 + D3),
        ],
    ),
    (
        "efd",
        popularity.efd(LISTS),
        [(2 + D2 * 3 + D3 * 3) / (1 + D2 + D3), (3 + D2 * 2) / (1 + D2), (1 + D2 * 3 + D3 * 3) / (1 + D2 + D3)],
    ),
    ("pru", popularity.pru(LISTS), [1, -1, sqrt(3) / 2]),  # counts 2 1 0; 1 2; 4 1 1
    (
        "ild_features",
        diversity.text_diversity(LISTS),
        [1 - H, 1 - 0, 1 - (0 + H + H) / 3],
    ),  # the item without text is out
    (
        "ild_category",
        diversity.category_diversity(LISTS),
        [1 - 0, 1 - H, 1 - 0],
    ),  # {A,B} {C} {}; {B} {A,B}; {A} {B} {C}
    (
        "miscalibration",
        diversity.miscalibration(LISTS, smoothing=0.1),
        [  # p from train: A 1/2 B 1/2; A 1/2 C 1/2; A 3/4 B 1/4
            1 / 2 * log((1 / 2) / (0.9 * 1 / 4 + 0.1 * 1 / 2)) * 2,  # list: A 1/4 B 1/4 C 1/2
            1 / 2 * log((1 / 2) / (0.9 * 1 / 4 + 0.1 * 1 / 2)) + 1 / 2 * log((1 / 2) / (0.1 * 1 / 2)),  # B 3/4 A 1/4
            3 / 4 * log((3 / 4) / (0.9 / 3 + 0.1 * 3 / 4)) + 1 / 4 * log((1 / 4) / (0.9 / 3 + 0.1 / 4)),  # 1/3 each
        ],
    ),
    ("share of tail", exposure.share(LISTS, GROUPS)["tail"], [1 / 3, 1 / 2, 2 / 3]),
    ("share of cold", exposure.share(LISTS, GROUPS)["cold"], [1 / 3, 0, 0]),
    ("aplt", exposure.aplt(LISTS, GROUPS)[""], [2 / 3, 1 / 2, 2 / 3]),
    ("aclt", exposure.aclt(LISTS, GROUPS)[""], [2, 1, 2]),
    ("recall_part of tail", exposure.recall_part(LISTS, GROUPS)["tail"], [1 / 2, 0, 1]),
    ("recall_part of cold", exposure.recall_part(LISTS, GROUPS)["cold"], [1 / 2, 0, 0]),
]

EXPOSURE = [1, 2, 2, 2, 1]  # of 8


@pytest.mark.parametrize(("name", "got", "expected"), PER_USER, ids=[name for name, *_ in PER_USER])
def test_hand_worked_values_of_each_user(name: str, got: Tensor, expected: list[float]) -> None:
    assert got.dtype == torch.float64
    torch.testing.assert_close(got, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-7)

"""Columns of numbers on one scale, missing ones marked."""

import torch

from ltgnn.features.scaling import standardise
from tests.features.item_features_case import TRAIN_COUNTS


def test_numbers_are_standardised_on_train_items() -> None:
    table = torch.tensor([[1.0, 5.0], [3.0, torch.nan], [100.0, 5.0], [5.0, 5.0]])
    values = standardise(table, TRAIN_COUNTS > 0)
    deviation = (8 / 3) ** 0.5  # of 1, 3, 5
    wanted = torch.tensor([[-2 / deviation, 0, 0], [0, 0, 1], [97 / deviation, 0, 0], [2 / deviation, 0, 0]])
    torch.testing.assert_close(values, wanted)

"""The train events of each user in the order of time."""

from __future__ import annotations

import torch

from ltgnn.models.histories import Histories
from tests.models.sequence_case import LIMIT, history, shop


def test_histories() -> None:
    train = shop()
    histories = Histories(train)
    for user in range(9):
        items = history(train, user)
        assert histories.lengths(torch.tensor([user])).item() == len(items)
        for place, item in enumerate(items):
            assert histories.place(torch.tensor([user]), torch.tensor([item])).item() == place
            window, length = histories.select_before(torch.tensor([user]), torch.tensor([place]), LIMIT)
            assert window[0, : length[0]].tolist() == items[max(0, place - LIMIT) : place]
    window, _ = histories.select_before(torch.tensor([0, 8]), torch.tensor([2, 0]), LIMIT)
    assert window.tolist() == [history(train, 0)[:2], [12, 12]]  # filled up with I
    assert not histories.state_dict()

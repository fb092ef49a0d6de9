"""The best columns of each row of a block of scores, exact and tie-proof."""

from __future__ import annotations

import pytest
import torch

from ltgnn.evaluation.exact_topk import best_items, decode_keys, keys_above, keys_in, largest, order_keys


def test_lists_of_nobody() -> None:
    items, scores = best_items(torch.empty(0, 5000), 7)
    assert (items.shape, items.dtype, scores.shape) == ((0, 7), torch.int64, (0, 7))


@pytest.mark.parametrize("width", [320, 333])
def test_runs_are_searched_alike_on_a_card_and_in_numpy(width: int) -> None:
    scores = torch.randint(-3, 4, (7, width), generator=torch.Generator().manual_seed(0)).float()
    scores[0] = -torch.inf
    k, length = 4, 32
    runs = scores[:, : width // length * length].view(7, -1, length).amax(2)
    chosen, best = decode_keys(largest(order_keys(runs, torch.arange(runs.shape[1])), k))
    ours = largest(keys_in(scores, chosen, length), k).sort(1, descending=True).values
    theirs = largest(keys_above(scores, chosen, length, best.amin(1)), k).sort(1, descending=True).values
    assert torch.equal(ours, theirs)
    assert torch.equal(ours, order_keys(scores, torch.arange(width)).topk(k).values)

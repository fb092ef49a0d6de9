"""Lists within limits against all lists, tried in order."""

from __future__ import annotations

import itertools

import pytest
import torch

from ltgnn.inference.limits import capacity, find_list, is_possible

KINDS = torch.tensor([0, 0, 0, 1, 1, -1, 2])
RARE = torch.tensor([False, False, True, False, True, False, True])


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("least", [0, 1, 2])
def test_the_first_feasible_list(k: int, most: int, least: int) -> None:
    ranked = torch.arange(7)

    def fits(items: tuple[int, ...]) -> bool:
        kinds = [int(KINDS[item]) for item in items if KINDS[item] >= 0]
        return all(kinds.count(kind) <= most for kind in kinds) and sum(bool(RARE[item]) for item in items) >= least

    wanted = next(filter(fits, itertools.combinations(range(7), k)), None)  # in lexicographic order
    found, met = find_list(ranked, [(KINDS, most)], [(RARE, least)], k)
    assert is_possible(ranked, [(KINDS, most)], [(RARE, least)], k) is (wanted is not None)
    if wanted is not None:
        assert (tuple(found.tolist()), met) == (wanted, True)


def test_capacity_by_hand() -> None:
    assert capacity(KINDS, 1) == 4
    assert capacity(KINDS, 2) == 6

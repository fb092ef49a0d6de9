"""Work in blocks on all cores."""

from __future__ import annotations

import pytest
import torch

from ltgnn.tensors.threads import in_threads


def test_each_number_once_and_the_threads_are_given_back() -> None:
    done, before, inside = torch.zeros(100, dtype=torch.int64), torch.get_num_threads(), set()

    def work(start: int) -> None:
        done[start] += 1
        inside.add(torch.get_num_threads())

    in_threads(work, range(100))
    assert torch.equal(done, torch.ones(100, dtype=torch.int64))
    assert inside == {1}
    assert torch.get_num_threads() == before


def test_an_error_reaches_the_caller_and_the_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda start: start // 0, [1])
    assert torch.get_num_threads() == before

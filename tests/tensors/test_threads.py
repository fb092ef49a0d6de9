"""Work in blocks on all cores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ltgnn.tensors.threads import in_threads


@pytest.fixture(params=[1, 3])
def number(request: pytest.FixtureRequest) -> Iterator[int]:
    """Threads that torch has; those of before come back."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_each_number_once_and_the_threads_are_given_back(number: int) -> None:
    done, inside = torch.zeros(100, dtype=torch.int64), set()

    def work(start: int) -> None:
        done[start] += 1
        inside.add(torch.get_num_threads())

    in_threads(work, range(100))
    assert torch.equal(done, torch.ones(100, dtype=torch.int64))
    assert inside == {1}
    assert torch.get_num_threads() == number


@pytest.mark.parametrize("starts", [[1], [1, 2]])
def test_an_error_reaches_the_caller_and_the_threads_are_given_back(number: int, starts: list[int]) -> None:
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda start: start // 0, starts)
    assert torch.get_num_threads() == number

"""What is kept in a scope ends with it, and nothing is kept without one."""

from __future__ import annotations

from threading import Thread

import pytest

from ltgnn.io.scoped_cache import cache_scope, cached, keep


def test_results_are_kept_inside_and_by_their_arguments() -> None:
    calls: list[tuple[int, int]] = []

    @cached
    def add(one: int, other: int = 1) -> int:
        calls.append((one, other))
        return one + other

    assert [add(1), add(1)] == [2, 2]
    assert len(calls) == 2  # no scope: nothing is kept
    for _ in range(2):
        calls.clear()
        with cache_scope():
            assert [add(1), add(1), add(2), add(1, other=3), add(1, other=3)] == [2, 2, 3, 4, 4]
        assert calls == [(1, 1), (2, 1), (1, 3)]


def test_an_inner_scope_is_that_around_it() -> None:
    made: list[int] = []
    with cache_scope():
        with cache_scope():
            keep("key", lambda: made.append(1))
        keep("key", lambda: made.append(2))
    assert made == [1]


def test_none_is_a_result_and_an_error_is_not() -> None:
    answers = iter([ValueError("first"), None])

    def answer() -> None:
        if isinstance(given := next(answers), Exception):
            raise given

    with cache_scope():
        with pytest.raises(ValueError, match="first"):
            keep("key", answer)
        assert keep("key", answer) is None
        assert keep("key", answer) is None


def test_a_scope_ends_with_an_error_and_is_of_its_thread() -> None:
    made: list[str] = []
    other = Thread(target=lambda: keep("key", lambda: made.append("another thread")))

    @cache_scope()
    def fail() -> None:
        keep("key", lambda: made.append("inside"))
        other.start()
        other.join()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    keep("key", lambda: made.append("outside"))
    assert made == ["inside", "another thread", "outside"]

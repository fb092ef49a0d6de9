"""Results that are kept while a command or a call of the Python API runs, and that end with it.

``import ltgnn`` keeps nothing: outside ``cache_scope`` each call computes anew. Inside, a sweep hashes the files of its
data once, not once a job (0.7 s for each GB), and a warning about a damaged run is given once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_scope: ContextVar[dict[Hashable, object] | None] = ContextVar("cache_scope", default=None)


@contextmanager
def cache_scope() -> Iterator[None]:
    """Inside, results are kept; they go at the end of the outermost scope. Another thread has a scope of its own."""
    if _scope.get() is not None:
        yield
        return
    opened = _scope.set({})
    try:
        yield
    finally:
        _scope.reset(opened)


def keep(key: Hashable, make: Callable[[], R]) -> R:
    """``make()``, or what it gave before in this scope for ``key``; an error is not kept."""
    results = _scope.get()
    if results is None:
        return make()
    if key not in results:
        results[key] = make()
    return cast(R, results[key])


def cached(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose results are kept in the scope by its arguments, which are hashable."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return keep((function, args, tuple(sorted(kwargs.items()))), lambda: function(*args, **kwargs))

    return call

"""What a metric is: a function with its name, formula and direction, and whether it is one number per user.

To add one, decorate a function with ``metric`` and name it: ``+eval.metrics.NAME._target_=MODULE.FUNCTION`` on the
command line, or a line of a yaml in ``conf/eval``. What the decorator states is read by the check of ``monitor``, the
mode of checkpoints, the direction of a search, metrics.json and every comparison.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, ParamSpec, TypeVar, overload

from ltgnn.types import UserError

HEADLINE = ("ndcg@20", "items20/head/ndcg@20", "items20/tail/ndcg@20")
"""Values of the test part that a run or a model is shown with."""

P = ParamSpec("P")
R = TypeVar("R")

Reads = Literal["hits", "ranks", "lists", "groups"]
"""What a metric is called with, and of what its values are.

``hits``: ``(hits, k)``, of all and of each item group; ``ranks``: ``(ranks, which pairs [p] bool)``, the same without a
list length; ``lists``: ``(lists)``, cut after k; ``groups``: ``(lists, groups)``, a number by name of group.
"""

SECTIONS: Mapping[str, Reads] = {"metrics": "hits", "ranks": "ranks", "lists": "lists", "exposure": "groups"}
"""Sections of ``eval``, and what a function in them that is not decorated is called with."""


INPUTS: Mapping[Reads, int] = {"hits": 2, "ranks": 2, "lists": 1, "groups": 2}
"""How many arguments the evaluator gives; the others of a metric are its options."""


class Metric(Generic[P, R]):
    """``function`` with what is to be known of it; called, it is the function.

    Called with options alone, as yaml with a ``_target_`` does, it is the metric with these options chosen. That is why
    its signature has the options only.
    """

    def __init__(
        self,
        function: Callable[P, R],
        name: str,
        reads: Reads,
        per_user: bool,
        smaller_is_better: bool,
        reads_features: bool | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function, self.name, self.reads = function, name, reads
        self.per_user, self.smaller_is_better, self._states = per_user, smaller_is_better, reads_features
        taken = list(inspect.signature(function).parameters.values())
        self.inputs = [parameter.name for parameter in taken[: INPUTS[reads]]]
        self.__signature__ = inspect.Signature(taken[INPUTS[reads] :])

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    @overload
    def __call__(self, **options: Any) -> Metric[..., R]: ...

    def __call__(self, *args: Any, **options: Any) -> R | Metric[..., R]:
        if args or options.keys() & self.inputs:
            return self.function(*args, **options)
        return self.with_options(self.name, options)

    @property
    def reads_features(self) -> bool:
        """Whether it reads ``Lists.features``. Unstated counts as True for a metric of lists from another package."""
        if self._states is not None:
            return self._states
        return self.reads in ("lists", "groups") and not self.function.__module__.startswith("ltgnn.")

    @property
    def formula(self) -> str:
        """Formula and source: the first paragraph of the docstring."""
        return " ".join((inspect.cleandoc(self.__doc__ or "").split("\n\n")[0]).split())

    def with_options(self, name: str, options: Mapping[str, Any]) -> Metric[..., R]:
        """The same under another name, its options (``capped`` ...) chosen."""
        function: Callable[..., R] = functools.partial(self.function, **options)
        functools.update_wrapper(function, self.function)
        return Metric(function, name, self.reads, self.per_user, self.smaller_is_better, self._states)

    def __repr__(self) -> str:
        return f"<metric {self.name}: {self.formula}>"


def metric(
    reads: Reads, *, per_user: bool = True, smaller_is_better: bool = False, reads_features: bool | None = None
) -> Callable[[Callable[P, R]], Metric[P, R]]:
    """Decorator of a metric. ``per_user``: it gives one number per user [n], not one for all.

    ``reads_features``: whether it reads ``Lists.features``, for which the items are then encoded; None: unstated.
    """

    def made(function: Callable[P, R]) -> Metric[P, R]:
        return Metric(function, function.__name__, reads, per_user, smaller_is_better, reads_features)

    return made


def list_feature_metrics(sections: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """``eval.section.name`` of each metric that reads the item features."""
    return [
        f"eval.{section}.{name}"
        for section, given in sections.items()
        for name in given
        for metrics in metrics_by_input({section: {name: given[name]}}).values()
        if any(metric.reads_features for metric in metrics.values())
    ]


def metrics_by_input(sections: Mapping[str, Mapping[str, Any]]) -> dict[Reads, dict[str, Metric[..., Any]]]:
    """The metrics of an evaluation by what they read; a decorated metric may be in any section.

    ``UserError`` where two that read the same have one name.
    """
    found: dict[Reads, dict[str, Metric[..., Any]]] = {reads: {} for reads in SECTIONS.values()}
    for section, given in sections.items():
        for name, value in given.items():
            function, options = (value.func, value.keywords) if isinstance(value, functools.partial) else (value, {})
            if not isinstance(function, Metric):
                function = Metric(function, name, SECTIONS[section], per_user=True, smaller_is_better=False)
            named = found[function.reads]
            if name in named:
                raise UserError(f"eval.{section}.{name}: there is a metric of that name already; give it another.")
            named[name] = function.with_options(name, options)
    return found

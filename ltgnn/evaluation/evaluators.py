"""The evaluators of a problem: one for each part that holds pairs out, made when it is asked for first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from torch import Tensor

from ltgnn.evaluation.evaluator import Evaluator
from ltgnn.types import Groups, Split

Make = Callable[..., Evaluator]
"""``(held_out, seen, groups, features, item_fields) -> evaluator``"""


class Evaluators(Mapping[str, Evaluator]):
    """``val`` and ``test``, where the split holds pairs of it out; candidates exclude all earlier parts.

    ``make`` is called at the first look at one of them: serving a model makes no evaluator.
    """

    def __init__(
        self,
        make: Callable[[], Make],
        split: Split,
        groups: Mapping[str, Groups],
        features: Tensor | None,
        item_fields: Mapping[str, object],
    ) -> None:
        self._make, self._given = make, (groups, features, item_fields)
        parts = {"val": (split.val, [split.train]), "test": (split.test, [split.train, split.val])}
        self._parts = {name: part for name, part in parts.items() if len(part[0])}
        self._made: dict[str, Evaluator] = {}

    def __getitem__(self, part: str) -> Evaluator:
        if part not in self._made:
            self._made[part] = self._maker(*self._parts[part], *self._given)
        return self._made[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __contains__(self, part: object) -> bool:
        return part in self._parts

    @cached_property
    def _maker(self) -> Make:
        return self._make()

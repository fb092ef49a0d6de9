"""The evaluators of a problem: one for each part that holds pairs out, made when it is asked for first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial

from torch import Tensor

from ltgnn.config.reads_features import reads_features
from ltgnn.evaluation.evaluator import Evaluator
from ltgnn.evaluation.metric import SECTIONS, list_feature_metrics
from ltgnn.types import Groups, Split

Make = Callable[..., Evaluator]
"""``(held_out, seen, groups, features, item_fields) -> evaluator``"""


class Evaluators(Mapping[str, Evaluator]):
    """``val`` and ``test``, where the split holds pairs of it out; candidates exclude all earlier parts.

    ``make`` is called at the first look at one of them: serving a model makes no evaluator. ``features`` is called
    where a metric reads them; ``user_fields`` serve groups of users.
    """

    def __init__(
        self,
        make: Callable[[], Make],
        split: Split,
        groups: Mapping[str, Groups],
        features: Callable[[], Tensor | None],
        item_fields: Mapping[str, object],
        user_fields: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._make, self._groups, self._features, self._fields = make, groups, features, item_fields
        self._user_fields = user_fields or {}
        parts = {"val": (split.val, [split.train]), "test": (split.test, [split.train, split.val])}
        self._parts = {name: part for name, part in parts.items() if len(part[0])}
        self._made: dict[str, Evaluator] = {}

    def __getitem__(self, part: str) -> Evaluator:
        if part not in self._made:
            features = self._features() if self.reading_metrics else None
            more = {"user_fields": self._user_fields} if self._is_evaluator else {}
            self._made[part] = self._maker(*self._parts[part], self._groups, features, self._fields, **more)
        return self._made[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __contains__(self, part: object) -> bool:
        return part in self._parts

    @cached_property
    def reading_metrics(self) -> list[str]:
        """Keys of the metrics that read the item features, ``eval.lists.NAME``; ``eval``: an evaluator of one's own."""
        make = self._maker
        if self._is_evaluator and isinstance(make, partial):
            return list_feature_metrics({section: make.keywords.get(section, {}) for section in SECTIONS})
        return ["eval"] if reads_features(make, True) else []

    @property
    def _is_evaluator(self) -> bool:
        """Whether they are of ltgnn's class, or derived from it."""
        make = self._maker
        return isinstance(make, partial) and isinstance(make.func, type) and issubclass(make.func, Evaluator)

    @cached_property
    def _maker(self) -> Make:
        return self._make()

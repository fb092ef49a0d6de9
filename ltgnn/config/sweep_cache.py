"""Work that the jobs of a sweep share: a cache that the launcher makes and hands to each job, bounded."""

from __future__ import annotations

import copy
import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf

from ltgnn.config.input_files import inputs_of

T = TypeVar("T")

KEPT = 4
"""Results kept of each kind: a sweep over data sets or encoders must not fill the memory."""


class Cache:
    """Results by kind and by the sections of the config that decide them; what it keeps ends with it.

    ``kept``: results that stay of each kind; 0: none, so that each call makes its own.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self.kept = kept
        self.shelves: dict[str, OrderedDict[str, Any]] = {}

    def shared(
        self, kind: str, cfg: DictConfig, sections: tuple[str, ...], make: Callable[[], T], kept: int | None = None
    ) -> T:
        """``make()``, or what it gave to an earlier job with the same resolved ``sections`` and the same files in them.

        A job must not change what is shared. ``kept``: results of this kind that stay; None: as of other kinds.
        """
        if not self.kept:
            return make()
        recipe = {name: OmegaConf.to_container(cfg[name], resolve=True) for name in sections}
        return self._find_or_make(
            kind, json.dumps([recipe, inputs_of(recipe)], sort_keys=True, default=str), make, kept
        )

    def copied(self, kind: str, cfg: DictConfig, sections: tuple[str, ...], make: Callable[[], T]) -> T:
        """As ``shared``, for what a job may change or move to another device: a copy where others share it."""
        made = self.shared(kind, cfg, sections, make)
        return copy.deepcopy(made) if self.kept else made

    def named(self, kind: str, key: str, make: Callable[[], T]) -> T:
        """``make()``, or what it gave before for this ``key``."""
        return self._find_or_make(kind, key, make, None) if self.kept else make()

    def _find_or_make(self, kind: str, key: str, make: Callable[[], T], kept: int | None) -> T:
        shelf = self.shelves.setdefault(kind, OrderedDict())
        if key not in shelf:
            while len(shelf) >= (kept or self.kept):  # before the next is made: two large ones need not fit the memory
                shelf.popitem(last=False)
            shelf[key] = make()
        shelf.move_to_end(key)
        made: T = shelf[key]
        return made


NO_CACHE = Cache(0)
"""The cache of a single job: it keeps nothing."""

"""Work that the jobs of a sweep share: made once, kept while a sweep runs in this process, bounded."""

from __future__ import annotations

import copy
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf

from ltgnn.config.input_files import inputs_of

T = TypeVar("T")

KEPT = 4
"""Results kept of each kind: a sweep over data sets or encoders must not fill the memory."""

_shelves: dict[str, OrderedDict[str, Any]] | None = None


@contextmanager
def sharing() -> Iterator[None]:
    """Inside, ``once`` remembers; at the end everything is let go."""
    global _shelves
    before, _shelves = _shelves, {} if _shelves is None else _shelves
    try:
        yield
    finally:
        _shelves = before


def once(kind: str, cfg: DictConfig, sections: tuple[str, ...], make: Callable[[], T], kept: int = KEPT) -> T:
    """``make()``, or what it gave to an earlier job whose resolved ``sections`` of the config, and the files that these
    name, were the same.

    What is shared must not be changed by a job. Outside of ``sharing`` each call makes its own. ``kept``: results of
    this kind that stay.
    """
    if _shelves is None:
        return make()
    recipe = {name: OmegaConf.to_container(cfg[name], resolve=True) for name in sections}
    key = json.dumps([recipe, inputs_of(recipe)], sort_keys=True, default=str)
    shelf = _shelves.setdefault(kind, OrderedDict())
    if key not in shelf:
        while len(shelf) >= kept:  # before the next is made: two of the large ones need not fit the memory
            shelf.popitem(last=False)
        shelf[key] = make()
    shelf.move_to_end(key)
    made: T = shelf[key]
    return made


def own(kind: str, cfg: DictConfig, sections: tuple[str, ...], make: Callable[[], T]) -> T:
    """As ``once``, for what a job may change, or move to another device: a copy where others share it."""
    made = once(kind, cfg, sections, make)
    return made if _shelves is None else copy.deepcopy(made)

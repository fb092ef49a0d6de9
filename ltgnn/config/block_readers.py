"""Parts that treat each kind of features separately are told the blocks of the features."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from ltgnn.types import BlockReader, Features

Part = TypeVar("Part")


def tell_blocks(part: Part, features: Features | None) -> Part:
    """The part (built, ``partial``, or a container of such), in which every ``BlockReader`` knows the blocks.

    Parts inside a built one are told by that one. The part itself where there is nothing to tell.
    """
    if features is None or not features.blocks:
        return part
    made: Any = part
    if isinstance(part, BlockReader):
        made = part.with_blocks(features.blocks)
    elif isinstance(part, partial):
        changed = {name: tell_blocks(value, features) for name, value in part.keywords.items()}
        if any(changed[name] is not value for name, value in part.keywords.items()):
            made = partial(part.func, *part.args, **changed)
    elif isinstance(part, Mapping):
        changed = {name: tell_blocks(value, features) for name, value in part.items()}
        if any(changed[name] is not value for name, value in part.items()):
            made = changed
    return made  # type: ignore[no-any-return]

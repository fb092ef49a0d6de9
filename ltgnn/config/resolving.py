"""A composed config as plain values, as far as it can be resolved, and the way back: which key the user sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from omegaconf import Container, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

OPEN = object()
"""In place of a value that is not known yet: an interpolation that cannot be resolved, or ``???``."""

MISSING = "???"
"""What yaml has for a value that the user must give."""

LIKE = re.compile(r"\$\{(\w[\w.]*)\}")
"""An interpolation that is another key and nothing else."""

HYDRA = "hydra"
"""The node that Hydra itself reads."""


def resolved(cfg: DictConfig, only: Sequence[str] = ()) -> dict[str, Any]:
    """``cfg`` without the node ``hydra`` as plain values; ``OPEN`` where there is none to be had."""
    return {str(key): resolve_value(cfg, key) for key in cfg if key in only or (key != HYDRA and not only)}


def source(cfg: DictConfig, key: str) -> str:
    """The key that the user sets: of a value that is ``${dim}``, ``dim``."""
    for _ in range(9):
        names = re.findall(r"[^.\[\]]+", key)
        node: Any = cfg
        for number, name in enumerate(names):
            try:
                node = node._get_node(int(name) if OmegaConf.is_list(node) else name)
            except (OmegaConfBaseException, ValueError, AttributeError, IndexError):
                return key
            written = node._value() if node is not None else None
            if isinstance(written, str) and (like := LIKE.fullmatch(written)):
                key = ".".join([like.group(1), *names[number + 1 :]])
                break
            if not isinstance(node, Container):
                return key
        else:
            return key
    return key


def resolve_value(node: Any, key: Any) -> Any:
    """The value of a key, resolved as far as it can be."""
    try:
        value = node[key] if not OmegaConf.is_missing(node, key) else MISSING
        if OmegaConf.is_config(value):
            return OmegaConf.to_container(value, resolve=True, throw_on_missing=False)
        return value
    except Exception:  # a resolver of the user's own may raise anything; the command itself will report it
        pass
    try:
        inner = node._get_node(key)
        if OmegaConf.is_dict(inner) and isinstance(inner._value(), dict):
            return {str(name): resolve_value(inner, name) for name in inner}
        if OmegaConf.is_list(inner) and isinstance(inner._value(), list):
            return [resolve_value(inner, number) for number in range(len(inner))]
    except OmegaConfBaseException:
        pass
    return OPEN

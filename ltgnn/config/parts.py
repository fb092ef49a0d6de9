"""The parts of a config: every node with a ``_target_``, and what the class behind it states of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ltgnn.config.nodes import nodes
from ltgnn.config.parameters import located

Config = Mapping[str, Any]
"""A composed config, resolved."""


class ConfiguredPart(NamedTuple):
    """A node with a ``_target_``, and the class behind it; None where that is not imported."""

    key: str
    node: Mapping[str, Any]
    kind: Any

    def states(self, ability: str, unsaid: Any = None) -> Any:
        """The declaration of the class; ``unsaid`` where there is none."""
        return getattr(self.kind, ability, unsaid)


def built(key: str, node: Any) -> Iterator[ConfiguredPart]:
    """Every node with a ``_target_`` in ``node``, itself included."""
    for place, one in nodes(node, key):
        if isinstance(target := one.get("_target_"), str):
            try:
                kind = located(target)
            except (ImportError, AttributeError):
                kind = None
            yield ConfiguredPart(place, one, kind)


def word_of(group: str, choices: Mapping[str, Any]) -> str:
    """``fusion=sum``; of a group without a known option its name."""
    return f"{group}={choices[group]}" if choices.get(group) else group

"""Whether item text has a say in a run, read off its recipe."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

READS_TEXT = re.compile(r"\.\w*(?:Text|Content|Similar)\w*$")
"""Classes of the parts that take item text, apart from fusions, by name."""

ID_ONLY = "ltgnn.models.fusion.Id"


def uses_text(config: dict[str, Any]) -> bool:
    """Whether item text reaches the scores; ``text=`` alone says only that it was there."""
    if "reads_text" in config:  # an ensemble, which asked its members
        return bool(config["reads_text"])
    if config.get("choices", {}).get("text", "none") == "none":
        return False
    trained = "closed_form" not in config.get("model", {})
    fusion = config.get("fusion", {}).get("_target_", ID_ONLY)
    if trained and fusion != ID_ONLY:
        return True
    parts = ("model", "score", *(("graph", "loss", "views") if trained else ()))
    return any(reads_text(config.get(part)) for part in parts)


def reads_text(part: Any) -> bool:
    """Whether a part of a config names a class that takes item text."""
    return any(READS_TEXT.search(target) for target in targets(part))


def targets(value: Any) -> list[str]:
    """Every ``_target_`` below a value."""
    if isinstance(value, Mapping):
        own = [str(value["_target_"])] if "_target_" in value else []
        return own + [target for inner in value.values() for target in targets(inner)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [target for inner in value for target in targets(inner)]
    return []

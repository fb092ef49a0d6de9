"""Whether a run uses item features: as recorded, or as the classes of its recipe declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from typing import Any


def uses_features(config: Mapping[str, Any], metrics: Mapping[str, Any] | None = None) -> bool:
    """Whether item features reach the scores; ``features=`` tells only that they were available.

    ``metrics``: metrics.json, where the run recorded ``reads_features``. A run without the record is classified by its
    recipe: by what the classes of ltgnn in it declare; a class of another package, which is not imported, counts as
    reading where it receives the features.
    """
    recorded = (metrics or {}).get("reads_features", config.get("reads_features"))  # the latter: an ensemble's recipe
    if recorded is not None:
        return bool(recorded)
    if config.get("choices", {}).get("features", "none") == "none":
        return False
    return bool(find_reading_groups(config, lambda node: node))


def find_reading_groups(config: Mapping[str, Any], build: Callable[[Any], Any]) -> list[str]:
    """The config groups with a part that reads item features and decides the scores, by name.

    ``build``: node of the config -> what is asked (``reads_features``), the part or the node itself.
    """
    model, score = config.get("model") or {}, (config.get("score") or {}).get("adjustments")
    stating: list[tuple[str, Any]] = []
    if "closed_form" in model:
        given = [("model", model["closed_form"]), ("score", score)]
    else:
        given = [(group, config.get(group)) for group in ("fusion", "graph")]
        given += [("model", model.get("embedding")), ("score", score)]
        stating = [("model", model.get("encoder")), ("loss", config.get("loss")), ("live", config.get("live"))]
    found = {group for group, node in given if node is not None and reads_features(build(node), True)}
    return sorted(found | {group for group, node in stating if node is not None and reads_features(build(node), False)})


def reads_features(part: Any, unless_said: bool) -> bool:
    """Whether a part (built, ``partial``, or a node of a recipe), or one inside it, declares that it reads features.

    ``unless_said``: the answer for a part that declares nothing.
    """
    if part is None or isinstance(part, (str, int, float)):
        return False
    if _container(part):
        return any(reads_features(inner, unless_said) for inner in arguments_of(part))
    said = declared_flag(part)
    if isinstance(said, bool):
        return said or any(reads_features(inner, False) for inner in arguments_of(part))
    by_parts = isinstance(said, property)
    return (unless_said and not by_parts) or any(reads_features(inner, by_parts) for inner in arguments_of(part))


def declared_flag(part: Any) -> Any:
    """``reads_features`` of a built part, of the class of a ``partial`` or of a recipe's ``_target_``; None: unsaid.

    A property of a class that was not built means that it depends on its components. A loss that takes the features
    reads them unless it says otherwise.
    """
    if isinstance(part, Mapping):
        return _of_target(str(part["_target_"]))
    made = part.func if isinstance(part, partial) else part
    said = getattr(made, "reads_features", None)
    return (getattr(made, "takes_features", None) or None) if said is None else said


def arguments_of(part: Any) -> Iterator[Any]:
    """What a part was configured with."""
    if isinstance(part, partial):
        yield from part.keywords.values()
    elif isinstance(part, Mapping):
        yield from (value for key, value in part.items() if key != "_target_")
    elif isinstance(part, Sequence) and not isinstance(part, str):
        yield from part


def describe_readers(word: str, groups: Mapping[str, str], metrics: Sequence[str]) -> str:
    """The line of a run on who reads its item features, which are encoded for these alone.

    ``word``: option of ``features=``; ``groups``: config group -> option of those whose parts read them; ``metrics``
    that do, as keys of ``eval``.
    """
    chosen = [f"{group}={option}" for group, option in groups.items()]
    if not chosen and not metrics:
        return f"item features (features={word}): no part of this run reads them, so no item is encoded"
    measured = ", ".join(metrics)
    if chosen:
        return f"item features (features={word}): read by {', '.join(chosen)}{f' and {measured}' if metrics else ''}"
    without = "features=none" if "eval" in metrics else " ".join(f"'~{metric}'" for metric in metrics)
    return (
        f"item features (features={word}): read by {measured} alone, not by the model; without it ({without}) no item "
        "is encoded"
    )


def _container(part: Any) -> bool:
    return "_target_" not in part if isinstance(part, Mapping) else isinstance(part, Sequence)


@cache
def _of_target(target: str) -> Any:
    """What a class of ltgnn declares; nothing else is imported for a recipe in a folder."""
    module, _, name = target.rpartition(".")
    if not target.startswith("ltgnn."):
        return None
    try:
        return getattr(getattr(import_module(module), name), "reads_features", None)
    except (ImportError, AttributeError):
        return None

"""Components that several processes cannot share, found from their classes before anything is loaded.

A strategy needs an ability of each loss (``STRATEGIES``): ``row_separable`` where processes share the rows of a batch,
``column_separable`` where they share the columns of the states. A loss whose ability depends on an option names it by
``separable_without``. A model declares by ``mixes_columns`` that its columns cannot be split. What only the built
parts know (a readout, a graph that is not linear) is reported when they are built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ltgnn.config.libraries import STRATEGIES
from ltgnn.config.parts import Config, ConfiguredPart, word_of

WHY = {
    "row_separable": "sees a batch as one",
    "column_separable": "reads more of the states than products with sampled negatives",
}
"""Ability -> what a loss without it does."""

OTHER_LOSS = (
    "so that it would be another loss. Set trainer=auto, or loss=bpr, bce, ccl, or softmax with "
    "loss.ranking.in_batch=false and sampler=uniform."
)


def conflicts_of_processes(
    config: Config, parts: Mapping[str, list[ConfiguredPart]], choices: Mapping[str, Any]
) -> Iterator[str]:
    """A line for each part that several processes would refuse to share."""
    trainer = config.get("trainer")
    strategy = trainer.get("strategy") if isinstance(trainer, dict) else None
    if not isinstance(strategy, dict) or strategy.get("_target_") not in STRATEGIES:
        return
    ability, word = STRATEGIES[strategy["_target_"]], word_of("trainer", choices)
    callbacks = config.get("callbacks")
    if not isinstance(callbacks, dict) or callbacks.get("checkpoint") is None:
        yield f"{word}: processes hand their model over by a checkpoint: set callbacks.checkpoint, or trainer=auto."
    unable = [part.key for part in parts.get("loss", ()) if _top(part) and lacks_ability(part, ability)]
    if unable:
        yield f"{word}: {', '.join(unable)} {WHY[ability]}, {OTHER_LOSS}"
    if ability == "column_separable":
        yield from _mixed_columns(config, parts, choices)


def _mixed_columns(
    config: Config, parts: Mapping[str, list[ConfiguredPart]], choices: Mapping[str, Any]
) -> Iterator[str]:
    """What reads several columns of a node at once other than by products."""
    word = word_of("trainer", choices)
    for group, ability, unable, instead in (
        ("model", "mixes_columns", True, "model=lightgcn"),
        ("fusion", "column_separable", False, "fusion=id or init"),
        ("views", "clean", False, "views=clean"),
        ("sampler", "reads_states", True, "sampler=uniform"),
    ):
        if any(part.states(ability) is unable for part in parts.get(group, ()) if group == "model" or _top(part)):
            yield f"{word}: {word_of(group, choices)} reads several columns of a state at once. Set {instead}."
    dim, devices = config.get("dim"), config["trainer"].get("devices")
    if isinstance(dim, int) and isinstance(devices, int) and devices > 0 and dim % devices:
        yield f"{word}: dim={dim} is not a multiple of trainer.devices={devices}: change one of them."
    if config["trainer"].get("gradient_clip_val") is not None:
        yield f"{word}: trainer.gradient_clip_val is a norm over all columns: set it to null."


def _top(part: ConfiguredPart) -> bool:
    """Whether it is a part of its group, not one inside of another."""
    return part.key.count(".") <= 1


def lacks_ability(part: ConfiguredPart, ability: str) -> bool:
    """Whether a loss surely lacks an ability."""
    option = part.states("separable_without")
    return part.states(ability) is False and not (option and part.node.get(option) is False)

"""Raw features -> the features of a run: control and transform applied, noted and checked."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ltgnn.features.checks import measure, refuse_overflow, shares, warnings
from ltgnn.features.store import key_of
from ltgnn.features.transform import Step
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Block, Features, UserError

log = logging.getLogger(__name__)


def apply_steps(
    raw: Features, counts: Tensor, *steps: Step, what: str = "item features", items: Sequence[str] = ()
) -> Features:
    """The features after the steps; steps that change something are part of the key and noted in the card.

    The block of ``raw`` becomes one of all columns, whose known items go where a step moves the rows. Without a block,
    an item is known where its row of ``raw`` is not zero.

    What is amiss with them is logged and stands on the card as ``warnings``. ``what``, ``items``: names for messages.
    """
    values, card, fit = raw.values, dict(raw.card), counts > 0
    card.setdefault("features", measure(values))
    card["warnings"] = [f"{what[0].upper()}{what[1:]}: {text}" for text in warnings(card)]
    log.info("%s: %s", what, shares(card))
    for text in card["warnings"]:
        log.warning(text)
    if len(values) != len(counts):
        raise UserError(f"{pluralize(len(values), 'row')} of features for {pluralize(len(counts), 'item')}")
    if not fit.any():
        raise UserError(
            "no item has a train interaction, so no transform can be fitted; look at split and data.cleaning"
        )
    name, known = next(((n, block.known) for n, block in raw.blocks.items()), ("features", raw.values.any(1)))
    for step in steps:
        known = step.move(known)
        changed = step(values, fit)
        if changed is not values:
            identity: dict[str, Any] = {"of": card["key"], **step.identity, "fit": fit_hash(counts)}
            card |= {"key": key_of(identity, []), "shape": list(changed.shape)}
            card["steps"] = [*card.get("steps", []), dict(step.identity)]
            values = changed
    refuse_overflow(values, what, items)
    return Features(values, card, {name: Block(slice(0, values.shape[1]), known)})


def fit_hash(counts: Tensor) -> str:
    """sha256 of which items have a train interaction: what steps are fitted on."""
    return hashlib.sha256((counts > 0).numpy().tobytes()).hexdigest()

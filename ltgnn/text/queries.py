"""Texts that are no items, such as what somebody types, as vectors among the items' features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from ltgnn.text.features import ItemText
from ltgnn.text.template import render
from ltgnn.types import Dataset, Mistake

Reader = Callable[[Sequence[str]], Tensor]
"""n strings -> [n, D] float32"""


def reader(side: Any, dataset: Dataset, counts: Tensor, prompt: str | None = None) -> Reader:
    """Reads texts as ``side`` (what the group ``text`` built) reads the items: same encoder, control, transform.

    The encoder is loaded once and kept. ``counts`` [I]: train interactions, by which transforms were fitted.
    ``prompt``: what stands before a query where the model wants another than before an item (E5: ``"query: "``).
    """
    raw = side.raw(dataset) if isinstance(side, ItemText) else None
    if not isinstance(side, ItemText) or raw is None:
        raise Mistake(
            "a query cannot be read: the items of this run have no text features of an encoder. Train with text=minilm "
            "(or another encoder), or search by words alone: by=words."
        )
    encode = encoder_of_queries(side.encoder, render(side.template_for(dataset), dataset.item_fields), prompt)
    control = side.control.fitted(raw.values, counts > 0)
    transform = side.transform.fitted(side.control(raw.values, counts > 0), counts > 0)
    return lambda texts: transform(control(encode(texts)))


def encoder_of_queries(encoder: Any, catalogue: Sequence[str], prompt: str | None = None) -> Reader:
    """``encoder`` for texts beside those of the ``catalogue``, which some encoders are fitted on."""
    made: Reader = encoder.queries(catalogue, prompt) if hasattr(encoder, "queries") else encoder
    return made

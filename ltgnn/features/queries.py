"""Texts that are no items, such as what somebody types, as vectors among the items' features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ltgnn.features.item_features import ItemText, Joined
from ltgnn.features.template import render
from ltgnn.features.transform import Step
from ltgnn.types import Dataset, Features, Mistake

Reader = Callable[[Sequence[str]], Tensor]
"""n strings -> [n, D] float32"""


@dataclass(frozen=True)
class TextPart:
    """What reads the texts of a run, and which columns of its features say so."""

    side: ItemText
    columns: slice

    @property
    def refusal(self) -> str:
        """Why no other text can be read so; empty: it can."""
        kinds = [type(step) for step in (self.side.control, self.side.transform)]
        unfitted = [kind.__name__ for kind in kinds if kind.fitted is Step.fitted]
        return f"{unfitted[0]} treats all items at once and says nothing of another text" if unfitted else ""


def text_part(side: Any, features: Features | None) -> TextPart | None:
    """The part of ``side`` (what the group ``text`` built) that encodes texts: all of it, or one of several kinds."""
    if features is None:
        return None
    if isinstance(side, ItemText):
        return TextPart(side, slice(0, features.values.shape[1]))
    start = 0
    for name, width in features.card.get("widths", {}).items() if isinstance(side, Joined) else ():
        if isinstance(part := side.features[name], ItemText):
            return TextPart(part, slice(start, start + width))
        start += width
    return None


def item_texts(side: Any, dataset: Dataset, template: str | None) -> list[str]:
    """The text of each item: what the encoder of ``side`` reads; where it has none, ``template`` or all fields filled.

    Empty where the items have no fields. Search by words and by meaning, and explanations, read these.
    """
    if not dataset.item_fields:
        return []
    kinds = side.features.values() if isinstance(side, Joined) else [side]
    reading = next((kind for kind in kinds if isinstance(kind, ItemText)), None)
    if reading is not None:
        return render(reading.template_for(dataset), dataset.item_fields)
    return render(template or ". ".join(f"{{{name}}}" for name in dataset.item_fields), dataset.item_fields)


def reader(part: TextPart, dataset: Dataset, counts: Tensor, prompt: str | None = None) -> Reader:
    """Reads texts as the items were read: same encoder, control, transform.

    The encoder is loaded once and kept. ``counts`` [I]: train interactions, by which transforms were fitted.
    ``prompt``: what stands before a query where the model wants another than before an item (E5: ``"query: "``).
    """
    side = part.side
    raw = side.raw(dataset)
    if raw is None or part.refusal:
        raise Mistake(f"a query cannot be read: {part.refusal or 'the items have no text'}. Search by words: by=words.")
    encode = encoder_of_queries(side.encoder, render(side.template_for(dataset), dataset.item_fields), prompt)
    control = side.control.fitted(raw.values, counts > 0)
    transform = side.transform.fitted(side.control(raw.values, counts > 0), counts > 0)
    return lambda texts: transform(control(encode(texts)))


def encoder_of_queries(encoder: Any, catalogue: Sequence[str], prompt: str | None = None) -> Reader:
    """``encoder`` for texts beside those of the ``catalogue``, which some encoders are fitted on."""
    made: Reader = encoder.queries(catalogue, prompt) if hasattr(encoder, "queries") else encoder
    return made

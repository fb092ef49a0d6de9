"""Vectors of texts that are not items, such as queries, in the space of the items' features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from ltgnn.features.item_features import FeatureSource, ItemText
from ltgnn.features.template import render
from ltgnn.features.transform import Step
from ltgnn.types import Dataset, Features, UserError

Reader = Callable[[Sequence[str]], Tensor]
"""n strings -> [n, D] float32"""


@dataclass(frozen=True)
class TextPart:
    """The encoder of the texts of a run, and its columns of the features."""

    source: ItemText
    columns: slice

    @property
    def refusal(self) -> str:
        """Why no other text can be read so; empty: it can."""
        kinds = [type(step) for step in (self.source.control, self.source.transform)]
        unfitted = [kind.__name__ for kind in kinds if kind.fit_map is Step.fit_map]
        return f"{unfitted[0]} is fitted to all items at once and cannot read another text" if unfitted else ""


def text_part(source: FeatureSource, features: Features | None) -> TextPart | None:
    """The part of ``source`` (built by the group ``features``) that encodes texts: all of it, or one of its parts."""
    if features is None or source.item_text is None or (columns := source.text_columns(features)) is None:
        return None
    return TextPart(source.item_text, columns)


def item_texts(source: FeatureSource, dataset: Dataset, template: str | None) -> list[str]:
    """The text of each item: what the encoder of ``source`` reads; without one, ``template`` or all fields filled.

    Empty where the items have no fields. Keyword and semantic search, and explanations, read these.
    """
    if not dataset.item_fields:
        return []
    if source.item_text is not None:
        return source.item_text.texts(dataset)
    return render(template or ". ".join(f"{{{name}}}" for name in dataset.item_fields), dataset.item_fields)


def reader(part: TextPart, dataset: Dataset, counts: Tensor, prompt: str | None = None) -> Reader:
    """Reads texts as the items were read: same encoder, control, transform.

    The encoder is loaded once and kept. ``counts`` [I]: train interactions, by which transforms were fitted.
    ``prompt``: prefix of a query where the model expects another than for an item (E5: ``"query: "``).
    """
    source = part.source
    raw = source.raw(dataset)
    if raw is None or part.refusal:
        raise UserError(
            f"a query cannot be read: {part.refusal or 'the items have no text'}. Use keyword search: by=words."
        )
    encode = source.encoder.queries(source.texts(dataset), prompt)
    control = source.control.fit_map(raw.values, counts > 0)
    transform = source.transform.fit_map(source.control(raw.values, counts > 0), counts > 0)
    return lambda texts: transform(control(encode(texts)))

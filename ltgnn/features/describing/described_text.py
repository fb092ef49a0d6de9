"""Features of what a language model writes about items: ``features=described``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ltgnn.features.describing.describer import Describer
from ltgnn.features.describing.description import Description
from ltgnn.features.describing.text_writer import TextWriter
from ltgnn.features.item_features import FeatureSource, ItemText
from ltgnn.features.store import FeatureStore
from ltgnn.features.template import render
from ltgnn.features.transform import Step
from ltgnn.types import Dataset, TextEncoder, UserError

ITEM = "item"
"""The field of ``text`` that holds what the template gives."""


class DescribedText(ItemText):
    """Fields -> text (template) -> what a language model writes about it -> both as one text -> frozen encoder.

    ``text``: of these, ``{item}`` is the text of the fields, the others are the describer's parts; a part that could
    not be read is left out together with the words before it. ``describer`` is called with the ``writer``.
    """

    def __init__(
        self,
        encoder: TextEncoder | str,
        template: str | None,
        store: FeatureStore,
        control: Step,
        transform: Step,
        text: str,
        writer: TextWriter,
        describer: Callable[[TextWriter], Describer],
    ) -> None:
        super().__init__(encoder, template, store, control, transform)
        self.text, self.describer = text, describer(writer)
        if ITEM in self.describer.parts:
            raise UserError("features.describer.parts: 'item' is the text of the fields; name the part otherwise")

    def texts(self, dataset: Dataset, fields: Mapping[str, Sequence[str]] | None = None) -> list[str]:
        """What the encoder reads of each item; what is not written yet is written now."""
        asked = self.questions(dataset, fields)
        return self.join(asked, self.describer(asked))

    def questions(self, dataset: Dataset, fields: Mapping[str, Sequence[str]] | None = None) -> list[str]:
        """The text of each item's fields, by the template, about which the language model is asked."""
        return super().texts(dataset, fields)

    def join(self, asked: Sequence[str], found: Sequence[Description]) -> list[str]:
        """The text of the fields with what was written about it."""
        parts = {name: [one.parts.get(name, "") for one in found] for name in self.describer.parts}
        return render(self.text, {ITEM: asked, **parts})

    def card(self, dataset: Dataset) -> dict[str, Any]:
        """Model, prompt, and what the descriptions have cost."""
        cost = asdict(self.describer.cost(self.questions(dataset)))
        return {"described": {**self.describer.identity, "text": self.text, "cost": cost}}


def need_described(source: FeatureSource) -> DescribedText:
    """The features, which have to be of texts that a language model writes."""
    if not isinstance(source, DescribedText):
        raise UserError(f"{type(source).__name__} encodes no text that a language model writes: set features=described")
    return source

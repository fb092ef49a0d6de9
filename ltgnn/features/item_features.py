"""The config group ``features``: a data set -> feature vectors of all its items, or none."""

from __future__ import annotations

import hashlib
import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, ClassVar

import torch
from torch import Tensor

from ltgnn.features.blocks import as_block, join_blocks
from ltgnn.features.card import describe
from ltgnn.features.encoders import HuggingFace
from ltgnn.features.precomputed import FeatureFile
from ltgnn.features.scaling import numbers_of, silent, standardise
from ltgnn.features.steps import apply_steps, fit_hash
from ltgnn.features.store import FeatureStore, key_of
from ltgnn.features.template import render
from ltgnn.features.transform import Step
from ltgnn.features.tuned_folder import open_encoder
from ltgnn.types import Dataset, Features, TextEncoder, UserError

log = logging.getLogger(__name__)


class FeatureSource:
    """Base of what a yaml of the group ``features`` builds. A subclass gives ``__call__``."""

    gives_features: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, dataset: Dataset, counts: Tensor) -> Features | None:
        """``counts`` [I]: train interactions per item; transforms are fitted where it is above 0."""
        raise NotImplementedError

    @property
    def item_text(self) -> ItemText | None:
        """The part that encodes the texts of the items, all of it or one of several; None: there is none."""
        return None

    @property
    def fields(self) -> Sequence[str]:
        """The item fields that it reads besides those of a template, for the leak audit."""
        return ()

    def text_columns(self, features: Features) -> slice | None:
        """The columns of the ``features`` that it made which ``item_text`` gave; None: none of them."""
        return None


class NoFeatures(FeatureSource):
    """No features at all: what an id-only model gets."""

    gives_features: ClassVar[bool] = False

    def __call__(self, dataset: Dataset, counts: Tensor) -> None:
        return None


class ItemText(FeatureSource):
    """Fields -> strings (template) -> frozen encoder -> [I, D], kept in the store; then control and transform.

    ``encoder``: a text encoder, or a folder that `ltgnn finetune` wrote (``features.encoder=FOLDER``).
    """

    def __init__(
        self, encoder: TextEncoder | str, template: str | None, store: FeatureStore, control: Step, transform: Step
    ) -> None:
        self.encoder = open_encoder(encoder)
        self.template, self.store = template, store
        self.control, self.transform = control, transform

    def template_for(self, dataset: Dataset) -> str:
        """The template given, else all fields in their order; empty where there is neither."""
        if self.template is not None:
            return self.template
        template = ". ".join(f"{{{field}}}" for field in dataset.item_fields)
        if template:
            log.info("%s has no data.template: the text of an item is '%s'", dataset.name, template)
        return template

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features | None:
        """None where the data set has no text. Without a template all its fields are read, in their order.

        A hit in the store loads no model.
        """
        raw = self.raw(dataset)
        if raw is None:
            return None
        return apply_steps(raw, counts, self.control, self.transform, what=self.what, items=dataset.item_ids)

    def raw(self, dataset: Dataset) -> Features | None:
        """The output of the encoder, before control and transform."""
        template = self.template_for(dataset)
        if not template:
            log.info("%s has no item text: the models get no features of it", dataset.name)
            return None
        texts = self.texts(dataset)
        identity = {"template": template, "encoder": dict(self.encoder.identity)}
        found = self.store.get(
            identity,
            texts,
            lambda: self.encoder(texts),
            lambda values: describe(texts, values) | self.reading(texts) | self.card(dataset),
        )
        return as_block(found, "text", torch.tensor([bool(text) for text in texts]) & found.values.any(1))

    def texts(self, dataset: Dataset, fields: Mapping[str, Sequence[str]] | None = None) -> list[str]:
        """What the encoder reads of each item; ``fields``: of other items than the data set's, such as new ones."""
        return render(self.template_for(dataset), dataset.item_fields if fields is None else fields)

    def card(self, dataset: Dataset) -> dict[str, Any]:
        """What is to stand on the card besides, of how the texts came about."""
        return {}

    def reading(self, texts: Sequence[str]) -> dict[str, Any]:
        """What the encoder says of its reading, for the card; empty: it cannot tell."""
        found = dict(self.encoder.reading(texts))
        return {"reading": found} if found else {}

    def with_encoder(self, encoder: TextEncoder | str) -> ItemText:
        """The same texts, read by another encoder."""
        made = copy(self)
        made.encoder = open_encoder(encoder)
        return made

    @property
    def item_text(self) -> ItemText:
        return self

    def text_columns(self, features: Features) -> slice:
        return slice(0, features.values.shape[1])

    @property
    def trainable(self) -> HuggingFace | None:
        """The encoder, where it has weights that can be trained; None: it has none."""
        return self.encoder if isinstance(self.encoder, HuggingFace) else None

    @property
    def what(self) -> str:
        """A description of the features, for messages."""
        return f"text features of {type(self.encoder).__name__}"


class ItemNumbers(FeatureSource):
    """Numeric columns of the items, standardised on the items seen in training.

    ``columns``: names, or None for all. A missing number becomes 0, the mean, and is marked in a column of its own.
    """

    def __init__(self, columns: list[str] | None, store: FeatureStore, control: Step, transform: Step) -> None:
        self.columns, self.store, self.control, self.transform = columns, store, control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        columns = self.chosen(dataset)
        table = numbers_of(dataset, columns)
        identity = {
            "class": "ItemNumbers",
            "columns": columns,
            "values": hashlib.sha256(table.numpy().tobytes()).hexdigest(),
            "fit": fit_hash(counts),
        }
        raw = self.store.get(
            identity, [], lambda: standardise(table, counts > 0), lambda _: silent(table[counts > 0], columns)
        )
        raw = as_block(raw, "numbers", ~table.isnan().all(1))
        return apply_steps(raw, counts, self.control, self.transform, what="item numbers", items=dataset.item_ids)

    def chosen(self, dataset: Dataset) -> list[str]:
        """The names of the columns, in their order; ``UserError`` for one that is not there."""
        known = dataset.item_numbers
        columns = sorted(known) if self.columns is None else list(self.columns)
        if not columns or not set(columns) <= set(known):
            raise UserError(
                f"features.columns={columns}, but the numeric columns of {dataset.name} are: "
                f"{', '.join(sorted(known)) or 'none'}; set data.reader.item_numbers or features.columns"
            )
        return columns


class ItemVectors(FeatureSource):
    """Vectors made elsewhere (images, another encoder), read from a file and checked against the items."""

    def __init__(self, file: FeatureFile, store: FeatureStore, control: Step, transform: Step) -> None:
        self.file, self.store, self.control, self.transform = file, store, control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        raw, what = self.raw(dataset), f"vectors of {self.file.path}"
        return apply_steps(raw, counts, self.control, self.transform, what=what, items=dataset.item_ids)

    def raw(self, dataset: Dataset) -> Features:
        """The vectors as they are in the file, in the order of the items."""
        ids = list(dataset.item_ids)
        return self.store.get(self.file.identity, ids, lambda: self.file(ids), lambda _: {"file": str(self.file.path)})


class JoinedFeatures(FeatureSource):
    """Several kinds of features side by side, ``[I, D1 + D2 + ...]``; each has its own entry in the store.

    The card has the number of columns of each (``widths``), for a projector that treats them separately. The blocks are
    those of the parts, by the names of the parts; of a part with several, ``PART.BLOCK``.
    """

    def __init__(self, parts: Mapping[str, FeatureSource]) -> None:
        self.parts = parts

    @property
    def item_text(self) -> ItemText | None:
        return next((found for part in self.parts.values() if (found := part.item_text) is not None), None)

    @property
    def fields(self) -> Sequence[str]:
        return [field for part in self.parts.values() for field in part.fields]

    def text_columns(self, features: Features) -> slice | None:
        start = 0
        for name, width in features.card["widths"].items():
            part = Features(features.values[:, start : start + width], features.card["parts"][name])
            if (found := self.parts[name].text_columns(part)) is not None:
                return slice(start + found.start, start + found.stop)
            start += width
        return None

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features | None:
        if not self.parts:
            raise UserError("features=joined has no parts: add some by name, +features@features.parts.NAME=OPTION")
        made = {name: source(dataset, counts) for name, source in self.parts.items()}
        parts = {name: part for name, part in made.items() if part is not None}
        if not parts:
            return None
        blocks = join_blocks(parts)
        return Features(
            torch.cat([part.values for part in parts.values()], dim=1),
            {
                "key": key_of({name: part.card["key"] for name, part in parts.items()}, []),
                "widths": {name: part.values.shape[1] for name, part in parts.items()},
                "known": {name: int(block.known.sum()) for name, block in blocks.items()},
                "parts": {name: part.card for name, part in parts.items()},
                "warnings": [f"{n}: {text}" for n, part in parts.items() for text in part.card.get("warnings", ())],
            },
            blocks,
        )

"""The text axis: a data set -> features of all its items, or none."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from ltgnn.text.card import describe
from ltgnn.text.encoders import tuned
from ltgnn.text.precomputed import FeatureFile
from ltgnn.text.store import FeatureStore, key_of
from ltgnn.text.template import render
from ltgnn.text.transform import Step
from ltgnn.types import Dataset, Features, Mistake, TextEncoder

log = logging.getLogger(__name__)


class Side(Protocol):
    """What a yaml of the group ``text`` builds."""

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features | None:
        """``counts`` [I]: train interactions per item; transforms are fitted where it is above 0."""
        ...


class NoText:
    """No text at all: what an id-only model gets."""

    def __call__(self, dataset: Dataset, counts: Tensor) -> None:
        return None


class ItemText:
    """Fields -> strings (template) -> frozen encoder -> [I, D], kept in the store; then control and transform.

    ``encoder``: a text encoder, or a folder that `ltgnn finetune` wrote (``text.encoder=FOLDER``).
    """

    def __init__(
        self, encoder: TextEncoder | str, template: str | None, store: FeatureStore, control: Step, transform: Step
    ) -> None:
        self.encoder = tuned(encoder) if isinstance(encoder, str) else encoder
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
        return None if raw is None else applied(raw, counts, self.control, self.transform)

    def raw(self, dataset: Dataset) -> Features | None:
        """What the encoder says, before control and transform."""
        template = self.template_for(dataset)
        if not template:
            log.info("%s has no item text: the models get none", dataset.name)
            return None
        texts = render(template, dataset.item_fields)
        identity = {"template": template, "encoder": dict(self.encoder.identity)}
        return self.store.get(identity, texts, lambda: self.encoder(texts), lambda values: describe(texts, values))


class ItemNumbers:
    """Numeric columns of the items, standardised on the items seen in training.

    ``columns``: names, or None for all. A missing number becomes 0, the mean, and is marked in a column of its own.
    """

    def __init__(self, columns: list[str] | None, store: FeatureStore, control: Step, transform: Step) -> None:
        self.columns, self.store, self.control, self.transform = columns, store, control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        known = dataset.item_numbers
        columns = sorted(known) if self.columns is None else list(self.columns)
        if not columns or not set(columns) <= set(known):
            raise Mistake(
                f"text.columns={columns}, but the numeric columns of {dataset.name} are: "
                f"{', '.join(sorted(known)) or 'none'}; set data.reader.item_numbers or text.columns"
            )
        table = torch.stack([known[column].float() for column in columns], dim=1)  # [I, C]
        identity = {
            "class": "ItemNumbers",
            "columns": columns,
            "values": hashlib.sha256(table.numpy().tobytes()).hexdigest(),
            "fit": _fit_hash(counts),
        }
        raw = self.store.get(identity, [], lambda: standardised(table, counts > 0), lambda _: {"columns": columns})
        return applied(raw, counts, self.control, self.transform)


class ItemVectors:
    """Vectors made elsewhere (images, another encoder), read from a file and checked against the items."""

    def __init__(self, file: FeatureFile, store: FeatureStore, control: Step, transform: Step) -> None:
        self.file, self.store, self.control, self.transform = file, store, control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        ids = list(dataset.item_ids)
        raw = self.store.get(self.file.identity, ids, lambda: self.file(ids), lambda _: {"file": str(self.file.path)})
        return applied(raw, counts, self.control, self.transform)


class Joined:
    """Several kinds of features side by side, ``[I, D1 + D2 + ...]``; each has its own entry in the store.

    The card says which columns are whose (``widths``), for a projector that treats them apart.
    """

    def __init__(self, features: Mapping[str, Side]) -> None:
        self.features = features

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features | None:
        made = {name: side(dataset, counts) for name, side in self.features.items()}
        parts = {name: part for name, part in made.items() if part is not None}
        if not parts:
            return None
        return Features(
            torch.cat([part.values for part in parts.values()], dim=1),
            {
                "key": key_of({name: part.card["key"] for name, part in parts.items()}, []),
                "widths": {name: part.values.shape[1] for name, part in parts.items()},
                "parts": {name: part.card for name, part in parts.items()},
            },
        )


def applied(raw: Features, counts: Tensor, *steps: Step) -> Features:
    """The features after the steps; steps that change something are part of the key and noted in the card."""
    values, card, fit = raw.values, dict(raw.card), counts > 0
    if len(values) != len(counts):
        raise Mistake(f"{len(values)} rows of features for {len(counts)} items")
    if not fit.any():
        raise Mistake("no item has a train interaction, so no transform can be fitted; look at split and data.cleaning")
    for step in steps:
        changed = step(values, fit)
        if changed is not values:
            identity: dict[str, Any] = {"of": card["key"], **step.identity, "fit": _fit_hash(counts)}
            card |= {"key": key_of(identity, []), "shape": list(changed.shape)}
            card["steps"] = [*card.get("steps", []), dict(step.identity)]
            values = changed
    return Features(values, card)


def standardised(table: Tensor, fit: Tensor) -> Tensor:
    """Columns to mean 0 and deviation 1 on the rows ``fit`` that have a number; nan to 0, marked in a column more.

    [I, C] -> [I, C + columns with a missing number]
    """
    missing = table.isnan()
    seen = torch.where(missing | ~fit[:, None], torch.nan, table.double())
    mean = seen.nanmean(0)
    deviation = (seen - mean).square().nanmean(0).sqrt()
    scaled = ((table - mean) / torch.where(deviation > 0, deviation, 1.0)).nan_to_num(0.0)
    return torch.cat([scaled, missing[:, missing.any(0)].double()], dim=1).float()


def _fit_hash(counts: Tensor) -> str:
    return hashlib.sha256((counts > 0).numpy().tobytes()).hexdigest()

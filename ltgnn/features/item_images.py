"""Item features out of the images of the items, by a frozen vision model."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ltgnn.features.blocks import as_block
from ltgnn.features.encoded_parts import EncodedParts
from ltgnn.features.image_sources import ImageSource
from ltgnn.features.item_features import FeatureSource
from ltgnn.features.pictures import Unread, decode, need_pillow
from ltgnn.features.progress import progress
from ltgnn.features.steps import apply_steps
from ltgnn.features.store import FeatureStore, key_of
from ltgnn.features.transform import OfKnown, Step
from ltgnn.features.vision import Vision
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, Features, UserError, of_kind

log = logging.getLogger(__name__)

PART = 512
"""Vectors that are encoded between two writes to the disk."""

NAMED = 20
"""Items of each reason that the card names."""


class ItemImages(FeatureSource):
    """Images -> frozen vision model -> [I, D], kept in the store; then control and transform.

    An item without an image, or with one that cannot be read, has a row of zeros before and after control and
    transform; the card counts and names such items by reason (``images``). Images are read one at a time, and equal
    ones are encoded once. The features are found by the bytes of the images: first of all of them, then of each, so
    that a run that was stopped goes on, and new images do not encode the old ones anew.
    """

    def __init__(
        self, source: ImageSource, encoder: Vision, store: FeatureStore, control: Step, transform: Step
    ) -> None:
        self.source = of_kind(source, ImageSource, "features.source")  # type: ignore[type-abstract]
        self.encoder, self.store, self.control, self.transform = encoder, store, control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        raw = self.raw(dataset)
        known = raw.blocks["images"].known
        if not (known & (counts > 0)).any():
            raise UserError(
                f"no item of {dataset.name} with a train interaction has an image that can be read "
                f"({said(raw.card['images']['missing'])}): set features.source, or another features="
            )
        return apply_steps(raw, counts, *self.steps(raw), what="image features", items=dataset.item_ids)

    def steps(self, raw: Features) -> tuple[Step, Step]:
        """Control and transform on the items that have an image."""
        known = raw.blocks["images"].known
        return OfKnown(self.control, known), OfKnown(self.transform, known)

    def new_rows(self, dataset: Dataset, grown: Dataset) -> Tensor:
        """The rows of the items that ``grown`` has after those of ``dataset``, before control and transform.  [n, D]"""
        return self.raw(grown).values[dataset.num_items :]

    def raw(self, dataset: Dataset) -> Features:
        """The output of the encoder, before control and transform; rows of zeros where there is no image."""
        need_pillow()
        items = range(dataset.num_items)
        self.source.prepare(dataset, items, self.downloads)
        missing: dict[int, str] = {}
        contents = [""] * dataset.num_items
        for item, content in self.source.read(dataset, items, self.downloads):
            if isinstance(content, Unread):
                missing[item] = content.reason
            else:
                contents[item] = digest_of(content)
        identity = {"class": "ItemImages", "encoder": dict(self.encoder.identity)}
        broken: dict[str, str] = {}

        def make() -> Tensor:
            return self.encode(dataset, contents, broken)

        features = self.store.get(identity, contents, make, lambda values: {"broken images": broken})
        damaged = features.card["broken images"]  # of the run that made the features
        missing |= {item: damaged[content] for item, content in enumerate(contents) if content in damaged}
        card = features.card | describe(dataset, contents, missing)
        if missing:
            log.warning("image features: %s", said(card["images"]["missing"]))
        return as_block(features._replace(card=card), "images", features.values.any(1))

    @property
    def downloads(self) -> Path:
        """Where images from the web are kept."""
        return self.store.folder / "downloads"

    def encode(self, dataset: Dataset, contents: Sequence[str], broken: dict[str, str]) -> Tensor:
        """The vectors [I, D]; images that cannot be decoded go to ``broken``, sha256 -> reason.

        ``contents``: sha256 of each item's image, "" for an item without one.
        """
        items_of: dict[str, list[int]] = {}
        for item, content in enumerate(contents):
            if content:
                items_of.setdefault(content, []).append(item)
        parts = EncodedParts(self.store.folder / "images" / key_of(self.encoder.identity, []))
        values: Tensor | None = None
        for names, rows in parts.read():
            values = place(values, len(contents), items_of, names, rows)
        left = [items[0] for items in items_of.values()]
        if values is not None:
            left = [item for item in left if not values[item].any()]
            log.info("image features: %s of %s images encoded earlier", len(items_of) - len(left), len(items_of))
        with progress("encoding images", len(left), "images") as advance:
            for names, rows in self._encode_parts(dataset, left, broken, advance):
                parts.write(names, rows)
                values = place(values, len(contents), items_of, names, rows)
        if values is None:
            reasons = ", ".join(sorted(set(broken.values())))
            raise UserError(
                f"no image of {dataset.name} can be read: {pluralize(len(contents), 'item')}, "
                f"{pluralize(len(items_of), 'image')}{f' ({reasons})' if reasons else ''}. Set features.source, or "
                "another features="
            )
        return values

    def _encode_parts(
        self, dataset: Dataset, items: Sequence[int], broken: dict[str, str], advance: Callable[[int], None]
    ) -> Iterator[tuple[list[str], Tensor]]:
        """sha256 and vectors of the images of ``items``, ``PART`` at a time."""
        if not items:
            return
        prepare, encode = self.encoder.load()
        names: list[str] = []
        pixels: list[Tensor] = []
        rows: list[Tensor] = []
        for item, content in self.source.read(dataset, items, self.downloads):
            advance(1)
            if isinstance(content, Unread):  # gone since its sha256 was taken
                raise UserError(
                    f"the image of item '{dataset.item_ids[item]}' has gone ({content.reason}): start again"
                )
            name, picture = digest_of(content), decode(content, self.encoder.max_pixels)
            prepared = picture if isinstance(picture, Unread) else prepare(picture)
            if isinstance(prepared, Unread):
                broken[name] = prepared.reason
                continue
            names.append(name)
            pixels.append(prepared)
            if len(pixels) == self.encoder.batch_size:
                rows.append(encode(pixels))
                pixels = []
                if len(names) >= PART:
                    yield names, torch.cat(rows)
                    names, rows = [], []
        if pixels:
            rows.append(encode(pixels))
        if rows:
            yield names, torch.cat(rows)


def place(
    values: Tensor | None, size: int, items_of: Mapping[str, Sequence[int]], names: Sequence[str], rows: Tensor
) -> Tensor:
    """``values`` [size, D], made where there are none yet, with the ``rows`` [n, D] at the items of their contents."""
    values = torch.zeros(size, rows.shape[1]) if values is None else values
    for name, row in zip(names, rows, strict=True):
        values[items_of.get(name, [])] = row
    return values


def said(missing: Mapping[str, Mapping[str, Any]]) -> str:
    """The reasons of a card in a line."""
    return "; ".join(f"{reason}: {pluralize(one['items'], 'item')}" for reason, one in missing.items())


def digest_of(content: bytes) -> str:
    """sha256 of the bytes of an image."""
    return hashlib.sha256(content).hexdigest()


def describe(dataset: Dataset, contents: Sequence[str], missing: Mapping[int, str]) -> dict[str, Any]:
    """For the card: how many items have an image, how many of these differ, and which have none and why."""
    reasons: dict[str, list[str]] = {}
    for item in sorted(missing):
        reasons.setdefault(missing[item], []).append(dataset.item_ids[item])
    return {
        "images": {
            "items": len(contents) - len(missing),
            "distinct": len({content for item, content in enumerate(contents) if item not in missing}),
            "missing": {
                reason: {"items": len(items), "such as": items[:NAMED]} for reason, items in sorted(reasons.items())
            },
        }
    }

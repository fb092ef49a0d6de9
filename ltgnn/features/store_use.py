"""Which parts of the store the card of some features names, so that what runs read can be told from what none does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ltgnn.features.store import key_of

DOWNLOADS = "downloads"

OF_A_DESCRIBER = ("writer", "prompt", "again", "parts", "longest", "reading")
"""What decides descriptions (``Describer.identity``)."""


def uses(card: Mapping[str, Any]) -> set[str]:
    """What the features of a card were made of, as marks that equal those of entries of the store (``Stored.marks``).

    Features by the sha256 of their values, as a control or transform changes their key; encoded images and descriptions
    by their keys.
    """
    return set(_marks(card)) | {mark for part in dict(card.get("parts") or {}).values() for mark in uses(part)}


def _marks(card: Mapping[str, Any]) -> Iterator[str]:
    for name in ("key", "sha256"):
        if isinstance(card.get(name), str):
            yield str(card[name])
    identity = card.get("identity") or {}
    if identity.get("class") == "ItemImages":
        yield images_mark(key_of(identity.get("encoder", {}), []))
        yield DOWNLOADS
    if isinstance(described := card.get("described"), Mapping):
        yield descriptions_mark(key_of({name: described.get(name) for name in OF_A_DESCRIBER}, []))


def images_mark(key: str) -> str:
    return f"images/{key}"


def descriptions_mark(key: str) -> str:
    return f"descriptions/{key}"

"""The text axis: item fields -> features of all items, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

from torch import Tensor

from ltgnn.text.store import FeatureStore
from ltgnn.text.template import render
from ltgnn.types import Features, TextEncoder


class NoText:
    """No text at all: what an id-only model gets."""

    def __call__(self, fields: Mapping[str, Sequence[str]]) -> None:
        return None


class ItemText:
    """Fields -> strings (template) -> frozen encoder -> [I, D], kept in the store."""

    def __init__(self, encoder: TextEncoder, template: str, store: FeatureStore) -> None:
        self.encoder = encoder
        self.template = template
        self.store = store

    def __call__(self, fields: Mapping[str, Sequence[str]]) -> Features:
        """``fields``: column -> I texts, "" where missing. Nothing is loaded if the store has the features."""
        texts = render(self.template, fields)
        identity = {"template": self.template, "encoder": dict(self.encoder.identity)}
        return self.store.get(identity, texts, lambda: self.encoder(texts), lambda values: describe(texts, values))


def describe(texts: Sequence[str], values: Tensor) -> dict[str, Any]:
    """What a person wants to know of the texts: how many, how long, how many are empty or the same."""
    lengths = sorted(map(len, texts))
    return {
        "items": len(texts),
        "empty": sum(not text for text in texts) / max(len(texts), 1),
        "distinct": len(set(texts)),
        "characters": {
            "mean": round(fmean(lengths), 1) if lengths else 0,
            "median": median(lengths) if lengths else 0,
            "p95": lengths[int(0.95 * (len(lengths) - 1))] if lengths else 0,
            "max": lengths[-1] if lengths else 0,
        },
        "first": list(texts[:3]),
    }

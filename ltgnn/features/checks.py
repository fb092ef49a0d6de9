"""Problems of features: values that overflow, uninformative rows, texts that were not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

NOTABLE = 0.05
"""Share of the items or tokens from which on a fact is a warning; below, the card and the log have it."""

LONGEST = 1e15
"""Length of a row of features from which on products of rows and sums of them overflow 32-bit numbers."""

UNUSUAL = 1e4
"""Length of a row from which on training at the usual rates is unlikely to work."""


def measure(values: Tensor) -> dict[str, float]:
    """Facts of features [I, D] for their card, as shares of the items.

    ``zero``: rows of zeros; ``same``: rows equal to the most frequent one that is not zero, where there are several;
    ``longest``: length of the longest row (no share).
    """
    lengths = torch.linalg.vector_norm(values, dim=1)
    filled = values[lengths > 0] if (lengths == 0).any() else values
    often = Counter(hash(row.tobytes()) for row in filled.numpy()).most_common(1)
    same = often[0][1] if often and often[0][1] > 1 else 0
    return {
        "zero": round(float((lengths == 0).double().mean()), 6) if len(values) else 0.0,
        "same": round(same / max(len(values), 1), 6),
        "longest": float(f"{float(lengths.max()):.6g}") if len(values) else 0.0,
    }


def refuse_overflow(values: Tensor, what: str, items: Sequence[str]) -> None:
    """``UserError`` where a row is not finite or too long to compute with, naming item and feature.

    ``what``: whose features these are. Without this, cosines of such rows are 0, as if they were uninformative, and
    training diverges.
    """
    if not values.shape[1]:
        raise UserError(
            f"{what}: no feature is left after features.transform: all items have the same. Set another features="
        )
    lengths = torch.linalg.vector_norm(values, dim=1)
    bad = torch.nonzero(~(lengths < LONGEST)).flatten()
    if not len(bad):
        return
    row = int(bad[0])
    column = int(values[row].abs().nan_to_num(nan=torch.inf).argmax())
    item = f"item '{items[row]}'" if items else f"item {row + 1} of {len(values)}"
    raise UserError(
        f"{what}: feature {column + 1} of {values.shape[1]} is {float(values[row, column]):g} for {item} "
        f"({pluralize(len(bad), 'such item')}). Numbers must be finite and a row shorter than {LONGEST:g}, or scores "
        "overflow: scale or fix them, or set features=none"
    )


def shares(card: Mapping[str, Any]) -> str:
    """The shares on a card as text, for the log."""
    named: dict[str, Any] = {
        "all-zero": card.get("features", {}).get("zero"),
        "one and the same": card.get("features", {}).get("same"),
        "empty text": card.get("empty"),
        "cut text": card.get("reading", {}).get("cut"),
        "unknown tokens": card.get("reading", {}).get("unknown"),
    }
    return ", ".join(f"{name} {share:.1%}" for name, share in named.items() if share is not None)


def warnings(card: Mapping[str, Any]) -> list[str]:
    """Sentences on what a user should know before trusting these features; none where there is nothing."""
    facts, reading = card.get("features", {}), card.get("reading", {})
    found: list[str] = []
    if (zero := facts.get("zero", 0)) >= NOTABLE:
        found.append(f"{zero:.1%} of the items have all-zero features: to a model they are items without features.")
    if (same := facts.get("same", 0)) >= 0.5:
        found.append(f"{same:.1%} of the items have identical features and cannot be distinguished.")
    if facts.get("longest", 0) > UNUSUAL:
        found.append(
            f"The features reach a length of {facts['longest']:.3g}: training may diverge. Scale them, or set "
            "features/transform=l2 or whiten."
        )
    if (empty := card.get("empty", 0)) >= NOTABLE:
        found.append(f"{empty:.1%} of the items have an empty text.")
    if (shortened := reading.get("cut", 0)) >= NOTABLE:
        found.append(
            f"{shortened:.1%} of the texts are longer than {reading['max_length']} tokens and are cut there. Raise "
            "features.encoder.max_length as far as the model allows."
        )
    if (unknown := reading.get("unknown", 0)) >= NOTABLE:
        found.append(f"{unknown:.1%} of the tokens are unknown to the encoder's tokenizer: {MISFIT}")
    if (spelled := reading.get("spelled", 0)) >= NOTABLE:
        found.append(f"The encoder's tokenizer cuts {spelled:.1%} of the texts into single letters: {MISFIT}")
    same_for_all = "is the same for all train items that have it, so that it is uninformative."
    found += [f"The number '{name}' {same_for_all}" for name in card.get("constant", ())]
    found += [f"The number '{name}' is missing for all train items." for name in card.get("absent", ())]
    return found


MISFIT = (
    "its language does not fit the texts. Set an encoder of their language (features=multilingual, "
    "features=bert_chinese, features=folder), or features=tfidf."
)

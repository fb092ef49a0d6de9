"""The card of features: statistics of texts and features for inspection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

EXAMPLES, NEIGHBOURS = 8, 3


def describe(texts: Sequence[str], values: Tensor) -> dict[str, Any]:
    """How many texts, how long, how many empty or the same, and which items the features hold for near.

    Lengths are in characters; ``empty`` is a share.
    """
    lengths = sorted(map(len, texts))
    return {
        "items": len(texts),
        "empty": round(sum(not text for text in texts) / max(len(texts), 1), 6),
        "distinct": len(set(texts)),
        "characters": {
            "mean": round(fmean(lengths), 1) if lengths else 0,
            "median": median(lengths) if lengths else 0,
            "p95": lengths[int(0.95 * (len(lengths) - 1))] if lengths else 0,
            "max": lengths[-1] if lengths else 0,
        },
        "neighbours": neighbours(texts, values),
    }


def features_in_words(card: Mapping[str, Any], word: str = "") -> str | None:
    """What made the features of a card, in a line: encoder, weights, pooling, template, shape; None for no card.

    ``word``: the option of ``features=``.
    """
    if not card:
        return None
    if parts := card.get("parts"):
        return f"{word}: " + "; ".join(f"{name}: {features_in_words(part)}" for name, part in parts.items())
    identity = card.get("identity", {})
    encoder = identity.get("encoder", identity)
    facts = [str(encoder.get("class") or encoder.get("encoder") or card.get("encoder") or "features")]
    facts += [f"weights {str(encoder['weights'])[:12]}"] if encoder.get("weights") else []
    facts += [f"{encoder['pooling']} pooling"] if encoder.get("pooling") else []
    facts += [f"of {source}" for source in (card.get("file"), card.get("run")) if source]
    facts += [f"columns {', '.join(card['columns'])}"] if card.get("columns") else []
    facts += [f"vectors {', '.join(card['vectors'])}"] if card.get("vectors") else []
    facts += [f"template '{identity['template']}'"] if identity.get("template") else []
    facts += [str(step.get("class")) for step in card.get("steps", [])]
    shape = " x ".join(map(str, card.get("shape", [])))
    return (f"{word}: " if word else "") + ", ".join(facts) + (f"; {shape}" if shape else "")


def neighbours(texts: Sequence[str], values: Tensor) -> list[dict[str, Any]]:
    """For a few items, evenly spread, the nearest others by cosine, for inspection."""
    filled = [row for row, text in enumerate(texts) if text]
    chosen = filled[:: max(len(filled) // EXAMPLES, 1)][:EXAMPLES]
    unit = F.normalize(values, dim=1)
    similarity = unit[chosen] @ unit.T  # [EXAMPLES, I]
    similarity[torch.arange(len(chosen)), torch.tensor(chosen, dtype=torch.int64)] = -torch.inf
    near = similarity.topk(min(NEIGHBOURS, max(len(texts) - 1, 0)), dim=1)
    return [
        {
            "item": texts[row],
            "nearest": [
                {"item": texts[other], "cosine": round(cosine, 4)}
                for cosine, other in zip(cosines, others, strict=True)
            ],
        }
        for row, cosines, others in zip(chosen, near.values.tolist(), near.indices.tolist(), strict=True)
    ]

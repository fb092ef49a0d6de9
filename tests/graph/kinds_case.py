"""What tests of item graphs by kind share: 23 items, two kinds of features, the second missing in four."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ltgnn.types import Block
from tests.graph.bipartite_case import TEXT

IMAGES = torch.rand(23, 4, generator=torch.Generator().manual_seed(7))
WITHOUT = [3, 8, 9, 22]
IMAGES[WITHOUT[1:]] = 0  # the first has numbers that are not to be read

BOTH = torch.cat([TEXT, IMAGES], 1)
KNOWN = torch.ones(23, dtype=torch.bool)
KNOWN[WITHOUT] = False
BLOCKS = {"text": Block(slice(0, 6), torch.ones(23, dtype=torch.bool)), "images": Block(slice(6, 10), KNOWN)}


def pairs_of(kind: str, k: int) -> dict[tuple[int, int], float]:
    """Pairs of items with the cosine of their kind, one by one."""
    values = TEXT if kind == "text" else IMAGES
    there = [i for i in range(23) if kind == "text" or i not in WITHOUT]
    found = {}
    for i in there:
        others = [(F.cosine_similarity(values[i], values[j], dim=0).item(), j) for j in there if j != i]
        for cosine, j in sorted(others, reverse=True)[:k]:
            if cosine > 0:
                found[min(i, j), max(i, j)] = cosine
    return found

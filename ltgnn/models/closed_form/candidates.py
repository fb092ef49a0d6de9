"""The items that may get a weight to an item: those that the same users have, and those with similar features."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge
from torch import Tensor

from ltgnn.tensors.nearest_neighbours import nearest


class Candidates:
    """For each item those with the largest ``G_cj / count_c^popularity_power``, and its nearest by features.

    Of an item with ``n`` train interactions ``growth sqrt(n)`` co-occurring items, at least ``least`` and at most
    ``most``: few interactions do not decide about many weights, and time and memory go with their square.
    ``popularity_power``: 0 chooses by count, .5 by cosine. ``neighbours``: items by the cosine of features.
    """

    def __init__(
        self,
        least: Annotated[int, Ge(0)],
        most: Annotated[int, Ge(1)],
        growth: Annotated[float, Ge(0)],
        popularity_power: float,
        neighbours: Annotated[int, Ge(0)],
    ) -> None:
        self.least, self.most, self.growth = least, most, growth
        self.popularity_power, self.neighbours = popularity_power, neighbours

    def widths(self, counts: Any) -> Any:
        """How many co-occurring items each item gets, where it has so many.  numpy [I] -> [I] int64"""
        return np.clip(self.growth * np.sqrt(counts), min(self.least, self.most), self.most).astype(np.int64)

    def co_occurring(self, start: int, block: Any, counts: Any) -> list[Any]:
        """Those of the items ``start``, ``start + 1``, ..: of their rows of ``G``, scipy CSR [n, I].  n arrays"""
        discount = np.maximum(counts, 1.0) ** -self.popularity_power
        chosen = []
        for row, width in enumerate(self.widths(counts[start : start + block.shape[0]])):
            entries = slice(block.indptr[row], block.indptr[row + 1])
            items = block.indices[entries]
            values = block.data[entries] * discount[items]
            values[items == start + row] = -1.0  # itself: behind all others
            chosen.append(items[largest(values, min(width, len(items) - 1))])
        return chosen

    def with_similar(self, chosen: list[Any], features: Tensor | None) -> list[Any]:
        """Each item's ``chosen`` and its nearest by features, ascending, once each.  I arrays"""
        if features is None or not self.neighbours:
            return [np.sort(items) for items in chosen]
        near = nearest(features, self.neighbours)[1].numpy()
        return [np.union1d(items, others) for items, others in zip(chosen, near, strict=True)]


def largest(values: Any, number: int) -> Any:
    """Places of the ``number`` largest of ``values``, of equal ones the first.  numpy [n] -> [number]"""
    if number < 1:
        return np.empty(0, np.int64)
    least = np.partition(values, len(values) - number)[len(values) - number]
    above, level = np.flatnonzero(values > least), np.flatnonzero(values == least)
    return np.concatenate([above, level[: number - len(above)]])

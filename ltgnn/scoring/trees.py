"""Sums of small regression trees as plain numbers: what a boosted model leaves, without the library that fitted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOST_LEAVES = 16


@dataclass
class Tree:
    """Leaves from left to right; a split sends a row with ``x[feature] > threshold`` to the right.

    ``masks``: a bit for each leaf, 0 for those left of the split (QuickScorer: Lucchese et al., SIGIR 2015).
    """

    features: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    masks: list[int] = field(default_factory=list)
    leaves: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, dumped: Mapping[str, Any]) -> Tree:
        """From ``tree_structure`` of LightGBM's ``dump_model``."""
        tree = cls()
        tree._add(dumped)
        every = (1 << len(tree.leaves)) - 1
        tree.masks = [every & mask for mask in tree.masks]
        return tree

    def _add(self, node: Mapping[str, Any]) -> None:
        if "leaf_value" in node:
            self.leaves.append(float(node["leaf_value"]))
            return
        first = len(self.leaves)
        self._add(node["left_child"])
        self.features.append(int(node["split_feature"]))
        self.thresholds.append(float(node["threshold"]))
        self.masks.append(~((1 << len(self.leaves)) - (1 << first)))
        self._add(node["right_child"])

    def values(self, columns: Any) -> Any:
        """The leaf of each row: the first whose bit no split has cleared.  numpy [F, n] float64 -> [n] float64"""
        left = np.full(columns.shape[1], (1 << len(self.leaves)) - 1, np.uint16)
        for feature, threshold, mask in zip(self.features, self.thresholds, self.masks, strict=True):
            left &= np.where(columns[feature] > threshold, np.uint16(mask), np.uint16(0xFFFF))
        return np.asarray(self.leaves)[LOWEST[left]]


LOWEST = np.zeros(1 << MOST_LEAVES, np.uint8)
"""The lowest bit that is set in each number of 16 bits."""
for _bit in reversed(range(MOST_LEAVES)):
    LOWEST[1 << _bit :: 2 << _bit] = _bit


def predict(trees: Sequence[Tree], columns: Any) -> Any:
    """Sum of the trees.  numpy [F, n] float64 -> [n] float64"""
    total = np.zeros(columns.shape[1])
    for tree in trees:
        total += tree.values(columns)
    return total

"""Differences of two sets in raw ids, whatever their numbering."""

import dataclasses

import torch

from ltgnn.data.difference import DatasetSide, difference, summary
from ltgnn.types import Dataset, Interactions


def side(name, parts, users, items, titles):
    def coded(pairs):
        table = torch.tensor([(users.index(u), items.index(i)) for u, i in pairs], dtype=torch.int64).reshape(-1, 2)
        return Interactions(table[:, 0].contiguous(), table[:, 1].contiguous(), len(users), len(items))

    coded_parts = {part: coded(pairs) for part, pairs in parts.items()}
    return DatasetSide(name, Dataset(name, coded_parts, users, items, {"title": titles}), coded_parts)


LEFT = side("L", {"train": ["ax", "ay"], "test": ["bx"]}, ["a", "b"], ["x", "y"], ["one", "two"])


def test_same():
    assert difference(LEFT, dataclasses.replace(LEFT, name="R")) == []


def test_each_difference():
    right = side(
        "R", {"train": ["ax", "bx"], "test": ["cz"]}, ["a", "b", "c"], ["z", "x", "y"], ["three", "one", "deux"]
    )
    assert difference(LEFT, right) == [
        "1 user only in R, e.g. 'c'",
        "1 item only in R, e.g. 'z'",
        "1 pair only in L, e.g. (a, y)",
        "1 pair only in R, e.g. (c, z)",
        "1 pair in test of L, but in train of R",
        "1 item with another 'title', e.g. 'y'",
    ]
    assert [line.split() for line in summary(LEFT, right).splitlines()] == [
        ["L", "R"],
        ["users", "2", "3"],
        ["items", "2", "3"],
        ["train", "2", "2"],
        ["test", "1", "1"],
    ]


def test_another_order_is_told():
    right = side("R", {"train": ["ax", "ay"], "test": ["bx"]}, ["b", "a"], ["x", "y"], ["one", "two"])
    assert difference(LEFT, right) == ["the same users in another order: their numbers differ, and so do fingerprints"]


def test_uncut_against_cut():
    right = side("R", {"all": ["ax", "ay", "bx"]}, ["a", "b"], ["x", "y"], ["one", "two"])
    assert difference(LEFT, right) == []

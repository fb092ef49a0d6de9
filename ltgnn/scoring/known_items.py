"""The cold-start rule: which items a model knows, and so may list. All models, adjustments and updates call it.

An item is known

- by its interactions: it has one in the train part (``has_interactions``), which trained its id;
- by its content: its features, where they enter the score, are not the zero row (``has_content``);
- by messages: a known node sends it one, in as many steps as the model has layers (``reach``).

The others are not candidates (``Scorer.candidates``): a model that knows nothing of an item must not rank it by noise.
What an encoder, a fusion or a closed form decides is which of the three apply to it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Receive = Callable[[Tensor], Tensor]
"""Marked nodes [n] bool -> nodes that one of them sends a message to [n] bool."""


def has_interactions(item_counts: Tensor) -> Tensor:
    """Items with a train interaction, by train counts [I]; the others are cold.  [I] bool"""
    return item_counts > 0


def has_content(content: Tensor) -> Tensor:
    """Items of whose content, features or what is made of them [I, D], something is left.  [I] bool"""
    return content.any(1)


def known_first(trained: Tensor, content: Tensor | None) -> Tensor:
    """Items whose first state says something: by a trained id [I] bool, or by content [I, D] or None.  [I] bool"""
    return trained if content is None else trained | has_content(content)


def receives(propagate: Callable[[Tensor], Tensor]) -> Receive:
    """By one step [n, d] -> [n, d] of a graph whose weights are not negative."""
    return lambda marks: propagate(marks.float()[:, None])[:, 0] > 0


def reach(known: Tensor, receive: Receive, steps: int) -> Tensor:
    """The nodes ``known`` [n] bool, and those that a message from them reaches in at most ``steps`` steps.  [n] bool"""
    for _ in range(steps):
        known = known | receive(known)
    return known


def with_new(marks: Tensor, size: int) -> Tensor:
    """Marks [n] bool of a model that was extended to ``size`` nodes or items: new ones are not marked.  [size] bool"""
    return torch.cat([marks, marks.new_zeros(size - len(marks))])

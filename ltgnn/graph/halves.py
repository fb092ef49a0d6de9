"""States as float16 between the hops of a pass: half the memory to move, which is what a hop on a CPU waits for.

float16 resolves values between 6e-5 and 65504 with a relative error of 5e-4, and has nothing below 6e-8. States
are therefore kept as float16 times a power of two, the ``unit``, such that the largest is about 1: a change of the unit
is exact, and gradients of a large batch are as exact as states.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.graph.tables import empty

ROWS = 2**14
"""Rows converted at a time, few enough to stay in the cache."""

ROOM = 2.0**-6, 2.0**4
"""Largest values that are left as they are: one more hop may make them 4000 times larger, or 250 times smaller without
loss of digits. With weights by degree a hop does neither; raw sums over more neighbours than that become infinite."""


def unit_of(states: Tensor) -> Tensor:
    """The power of two by which the largest of the states is about 1.  [] float32, 1 for states that are 0"""
    if not states.numel():
        return torch.ones((), device=states.device)
    least, most = (end.float() for end in torch.aminmax(states))
    largest = torch.maximum(-least, most)
    return torch.ldexp(torch.ones_like(largest), torch.frexp(largest).exponent.clamp(min=-100))


def to_halves(states: Tensor, unit: Tensor, rows: int = ROWS) -> Tensor:
    """``states / unit`` [n, d] as float16, ``rows`` at a time."""
    found, factor = empty(len(states), states.shape[1], torch.float16, states.device), unit.reciprocal()
    for part, of in zip(found.split(rows), states.split(rows), strict=True):
        part.copy_(of * factor)
    return found


def from_halves(halves: Tensor, unit: Tensor, dtype: torch.dtype, rows: int = ROWS) -> Tensor:
    """``halves * unit`` [n, d] as ``dtype``, ``rows`` at a time."""
    found, factor = empty(len(halves), halves.shape[1], dtype, halves.device), unit.to(dtype)
    for part, of in zip(found.split(rows), halves.split(rows), strict=True):
        torch.mul(of.to(dtype), factor, out=part)
    return found


def rescale_to(halves: Tensor, unit: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """The same states with the largest of ``seen``, some of their rows, about 1 again, in place, where hops have taken
    it far from there. Not all rows are looked at: it costs a tenth of a hop, and others have room for 4000 times more.
    """
    change = unit_of(seen)
    if ROOM[0] <= float(change) <= ROOM[1]:
        return halves, unit
    return halves.mul_(change.reciprocal()), unit * change


def raise_unit(halves: Tensor | None, unit: Tensor | None, other: Tensor) -> tuple[Tensor | None, Tensor]:
    """The same states, in place, in a unit in which values of the unit ``other`` can be added to them."""
    if halves is None or unit is None:
        return None, other
    if float(other / unit) <= ROOM[1]:
        return halves, unit
    return halves.mul_(unit / other), other

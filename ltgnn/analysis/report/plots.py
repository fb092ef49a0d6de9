"""Plots as numbers for the template: positions on a fixed canvas, texts for tooltips and screen readers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

WIDTH, HEIGHT = 480, 340
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 16, 50


@dataclass(frozen=True)
class Axis:
    """A linear scale with its ticks."""

    label: str
    low: float
    high: float
    start: float  # canvas position of low
    end: float

    def at(self, value: float) -> float:
        """Canvas position."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """(canvas position, text) at round numbers, about five."""
        step = round_up_step((self.high - self.low) / 5)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        return [(self.at(n * step), f"{n * step:.{digits}f}") for n in range(first, last + 1)]


@dataclass(frozen=True)
class Mark:
    """A point of a scatter plot."""

    x: float
    y: float
    number: int  # of the configuration
    tip: str
    filled: bool
    front: bool
    numbered: bool = True  # False: the number would lie over another


@dataclass(frozen=True)
class Line:
    """A curve."""

    points: str  # for <polyline>
    dots: list[tuple[float, float, str]]  # canvas position, text
    colour: int
    number: int | None  # of the configuration; None for a reference
    label: str
    tip: str


@dataclass(frozen=True)
class Plot:
    """One picture."""

    title: str
    about: str  # what a reader who does not see it should know
    x: Axis
    y: Axis
    marks: list[Mark] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    front: str = ""  # points of the Pareto front, for <polyline>
    guides: list[tuple[float, str]] = field(default_factory=list)  # vertical lines


def number_marks(marks: Sequence[Mark]) -> list[Mark]:
    """The marks, those on the front first to get a number; one that would lie over another number gets none."""
    placed: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: not mark.front):
        free = all(abs(mark.x - other.x) > 18 or abs(mark.y - other.y) > 11 for other in placed)
        placed += [mark] if free else []
    return [replace(mark, numbered=mark in placed) for mark in marks]


def round_up_step(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    scale = 10.0 ** math.floor(math.log10(step))
    return float(next(n * scale for n in (1, 2, 5, 10) if n * scale >= step * (1 - 1e-9)))


def axes(x: Sequence[float], y: Sequence[float], labels: tuple[str, str]) -> tuple[Axis, Axis]:
    """Scales that hold all values with some room around; values that are never below 0 have no axis below 0."""
    return (
        Axis(labels[0], *padded_range(x), LEFT, WIDTH - RIGHT),
        Axis(labels[1], *padded_range(y), HEIGHT - BOTTOM, TOP),
    )


def percent(labels: tuple[str, str]) -> tuple[Axis, Axis]:
    """Both scales from 0 to 100."""
    return Axis(labels[0], 0.0, 100.0, LEFT, WIDTH - RIGHT), Axis(labels[1], 0.0, 100.0, HEIGHT - BOTTOM, TOP)


def padded_range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def path(x: Axis, y: Axis, pairs: Sequence[tuple[float, float]]) -> str:
    """For the ``points`` of a polyline."""
    return " ".join(f"{x.at(a)},{y.at(b)}" for a, b in pairs)

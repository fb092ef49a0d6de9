"""Numeric times as seconds: their unit by the range of the column, and counts of implausible ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ltgnn.data.blocks import blocks
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}  # parts of a second
NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
LEAST = 1e8  # below are positions (or seconds before March 1973), whatever the unit
EDGES = (1e11, 1e14, 1e17)  # seconds, milliseconds, microseconds, nanoseconds bounds between units: each 1973 to 5138
EARLY = datetime(1990, 1, 1, tzinfo=UTC).timestamp()  # no log of a shop or a site is older
YEAR = 366 * 86_400


class TimeUnit(NamedTuple):
    """What was found of the times of a data set."""

    unit: str  # as text, for the card
    odd: list[str]  # sentences on times that cannot be true


def choose_unit(
    times: NDArray[np.float64], unit: str, dates: bool, place: Callable[[Sequence[str]], str] | None = None
) -> TimeUnit:
    """Makes the times [rows] seconds, in place; ``dates``: they were written as dates and are seconds already.

    ``unit`` is ``auto`` or one of UNITS. ``auto`` is found by the range, and raises ``UserError`` where the values are
    of several units; ``place`` finds the line of a value for its message. Numbers below 1e8 are positions and stay.
    """
    if unit not in ("auto", *UNITS):
        raise UserError(f"data.reader.time_unit={unit}: wanted auto, {', '.join(UNITS)}.")
    if dates:
        return TimeUnit("dates, as seconds since 1970 (UTC)", is_unlikely(times))
    known = list(UNITS)
    if unit == "auto":
        sizes, examples = _ranges(times)
        present = [name for name in known if sizes[name]]
        if len(present) > 1:
            raise _mixed_units(sizes, examples, present, place)
        if not present:
            return TimeUnit("as given (all below 1e8: positions, or seconds)", _negative(times))
        unit, how = present[0], "by the range of the values"
    else:
        how = "from data.reader.time_unit"
    if UNITS[unit] != 1:
        for block in blocks(times.size):
            times[block] /= UNITS[unit]
    return TimeUnit(f"{NAMES[unit]} ({how})", is_unlikely(times))


def _ranges(times: NDArray[np.float64]) -> tuple[dict[str, int], dict[str, float]]:
    """How many times there are in the range of each unit, and the first of each."""
    sizes, examples = dict.fromkeys(UNITS, 0), dict.fromkeys(UNITS, 0.0)
    for block in blocks(times.size):
        size = np.abs(times[block])
        bounds = (LEAST, *EDGES, np.inf)
        for name, low, high in zip(UNITS, bounds, bounds[1:], strict=False):
            inside = (size >= low) & (size < high)
            if (number := int(np.count_nonzero(inside))) and not sizes[name]:
                examples[name] = float(times[block][int(inside.argmax())])
            sizes[name] += number
    return sizes, examples


def _mixed_units(sizes: dict[str, int], examples: dict[str, float], present: Sequence[str], place: Any) -> UserError:
    rare = min(present, key=lambda name: sizes[name])
    usual = max(present, key=lambda name: sizes[name])
    value = examples[rare]
    where = place([f"{value:.0f}", repr(value), f"{value:g}"]) if place is not None else ""
    where = f" The first of the few: {where}." if where and ", line 0," not in where else ""
    found = ", ".join(f"{sizes[name]:,} like {NAMES[name]} (e.g. {format_time(examples[name])})" for name in present)
    return UserError(
        f"The times are of several units: {found}.{where} Correct them, or set the unit of all: "
        f"data.reader.time_unit={usual} (s, ms, us, ns); those that cannot be true are then counted."
    )


def format_time(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else repr(value)


def _negative(times: NDArray[np.float64]) -> list[str]:
    number = sum(int(np.count_nonzero(times[block] < 0)) for block in blocks(times.size))
    return [f"{format_share(number, times.size)} negative and kept, as the earliest"] if number else []


def format_share(number: int, size: int) -> str:
    """``3 of 100 times are``"""
    times = pluralize(size, "time")
    return pluralize(number, f"of {times} is", f"of {times} are")


def is_unlikely(times: NDArray[np.float64]) -> list[str]:
    """Times before 1990, and more than a year from now; none where all are positions."""
    late = time.time() + YEAR
    highest = max((float(np.abs(times[block]).max()) for block in blocks(times.size)), default=0.0)
    if highest < LEAST:
        return _negative(times)
    early = sum(int(np.count_nonzero(times[block] < EARLY)) for block in blocks(times.size))
    future = sum(int(np.count_nonzero(times[block] > late)) for block in blocks(times.size))
    return [
        f"{format_share(number, times.size)} {what} and kept (data.cleaning.{key} leaves such times out; is "
        f"data.reader.time_unit right?)"
        for number, what, key in (
            (early, "before 1990", "since=1990-01-01"),
            (future, "more than a year from now", f"until={datetime.fromtimestamp(late, UTC):%Y-%m-%d}"),
        )
        if number
    ]

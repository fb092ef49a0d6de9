"""Hydra's search-space syntax as Optuna's distributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml
from hydra.core.override_parser.types import IntervalSweep, Override

from ltgnn.types import UserError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def space(overrides: Sequence[Override]) -> tuple[list[str], dict[str, BaseDistribution]]:
    """(overrides that stay, key -> distribution).

    ``a,b`` and ``choice(a,b)`` and ``glob(x*)``: one of the options. ``range(1,8,2)``: its numbers, the end excluded as
    everywhere in Hydra. ``interval(a,b)``: real, ``int(interval(a,b))``: whole, ``tag(log,interval(a,b))``: even in the
    logarithm.
    """
    fixed: dict[str, str] = {}
    free: dict[str, BaseDistribution] = {}
    for override in overrides:
        key = override.get_key_element()
        fixed.pop(key, None)  # the last one counts
        free.pop(key, None)
        if override.is_sweep_override():
            free[key] = distribution(override)
        else:
            fixed[key] = key if override.is_delete() else f"{key}={override.get_value_element_as_str()}"
    return list(fixed.values()), free


def distribution(override: Override) -> BaseDistribution:
    """The distribution of one override with several values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    value: Any = override.value()
    line = override.input_line
    if isinstance(value, IntervalSweep):
        start, end, log = value.start, value.end, "log" in value.tags
        if start is None or end is None or start >= end or (log and start <= 0):
            wanted = "interval(LOW,HIGH) with LOW < HIGH" + (", and above 0 for tag(log, ...)" if log else "")
            raise UserError(f"{line}: wanted {wanted}")
        integers = isinstance(start, int) and isinstance(end, int)
        return IntDistribution(start, end, log=log) if integers else FloatDistribution(start, end, log=log)
    if override.is_range_sweep():
        numbers: list[Any] = list(value.range())
        if not numbers:
            raise UserError(f"{line}: an empty range; wanted range(START,END,STEP) with a number in it")
        first, last, step = min(numbers[0], numbers[-1]), max(numbers[0], numbers[-1]), abs(value.step)
        if all(isinstance(number, int) for number in numbers):
            return IntDistribution(first, last, step=int(step))
        return FloatDistribution(float(first), round(float(last), 12), step=float(step))
    words = list(dict.fromkeys(override.sweep_string_iterator()))
    if not words:
        raise UserError(f"{line}: no option matches")
    return CategoricalDistribution(words)


def grid(free: Mapping[str, BaseDistribution]) -> dict[str, list[Any]]:
    """Every value of each distribution, for a search over all combinations."""
    from optuna.distributions import CategoricalDistribution

    found: dict[str, list[Any]] = {}
    for key, kind in free.items():
        step = getattr(kind, "step", None)
        if isinstance(kind, CategoricalDistribution):
            found[key] = list(kind.choices)
        elif step is None:
            raise UserError(
                f"{key}: an interval has no end of values for hydra/sweeper/sampler=grid; give a range or a choice"
            )
        else:
            low, high = kind.low, kind.high
            count = round((high - low) / step)
            found[key] = [
                low + n * step if isinstance(low, int) else round(low + n * step, 12) for n in range(count + 1)
            ]
    return found


def to_trial_value(value: Any, kind: BaseDistribution) -> Any | None:
    """What a trial would call ``value``, which a finished run was given; None: it is outside of the distribution."""
    from optuna.distributions import CategoricalDistribution

    if isinstance(kind, CategoricalDistribution):
        return next((word for word in kind.choices if word == str(value) or yaml.safe_load(str(word)) == value), None)
    try:
        inside = kind._contains(kind.to_internal_repr(value))
    except (TypeError, ValueError):
        return None
    return value if inside else None


def to_overrides(free: Mapping[str, Any]) -> list[str]:
    """Parameters of a trial as overrides."""
    return [f"{key}={value}" for key, value in free.items()]


def ends(distribution: BaseDistribution) -> list[Any]:
    """The options of a choice, or the two ends of an interval."""
    from optuna.distributions import CategoricalDistribution

    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    return [distribution.low, distribution.high]

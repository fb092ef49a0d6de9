"""The yaml of ``wandb sweep`` for the overrides of a Hydra sweep, to be run by W&B's agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, Quote, QuotedString, RangeSweep
from hydra.errors import HydraException

from ltgnn.config.metric_direction import smaller
from ltgnn.config.search_path import FLAG, named_folders
from ltgnn.types import UserError


def sweep_yaml(overrides: Sequence[str], method: str, monitor: str, project: str) -> str:
    """``fusion=id,sum lr=interval(1e-4,1e-1)`` -> parameters with values or bounds; agents call ``ltgnn train``.

    The agents' command names the user's yaml trees; they must be at the same place where an agent runs.
    """
    parameters = {str(parsed.input_line).partition("=")[0]: _space(parsed) for parsed in _parse(overrides)}
    bounds = [key for key, space in parameters.items() if "min" in space]
    if bounds and method == "grid":
        raise UserError(f"--method grid: {', '.join(bounds)} has bounds, not values. Set --method bayes or random")
    document = {
        "project": project,
        "method": method,
        "metric": {"name": monitor, "goal": "minimize" if smaller(monitor) else "maximize"},
        "command": ["ltgnn", "train", *(f"{FLAG}={folder}" for folder in named_folders()), "${args_no_hyphens}"],
        "parameters": parameters,
    }
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text


def _parse(overrides: Sequence[str]) -> list[Override]:
    if not overrides:
        raise UserError("ltgnn runs sweep-yaml: no overrides to sweep; give some, such as fusion=id,sum seed=1,2,3")
    parsed: list[Override] = OverridesParser.create().parse_overrides(list(overrides))
    return parsed


def _space(parsed: Override) -> dict[str, Any]:
    value = parsed._value
    if isinstance(value, IntervalSweep):
        bounds = {"min": value.start, "max": value.end}
        return ({"distribution": "log_uniform_values"} if "log" in value.tags else {}) | bounds
    if isinstance(value, ChoiceSweep):
        return {"values": [_value(one) for one in value.list]}
    if isinstance(value, RangeSweep):
        return {"values": [yaml.safe_load(word) for word in parsed.sweep_string_iterator()]}
    return {"value": _value(value)}


def _value(value: Any) -> Any:
    """A value that an agent, which writes ``KEY=VALUE`` without quotes, hands to Hydra unchanged."""
    if value is None:
        return "null"
    if isinstance(value, QuotedString):
        return value.with_quotes()
    if isinstance(value, str):
        return value if _reads_as_itself(value) else QuotedString(text=value, quote=Quote.double).with_quotes()
    if isinstance(value, (list, dict)):
        return Override._get_value_element_as_str(value)
    return value


def _reads_as_itself(text: str) -> bool:
    try:
        return bool(OverridesParser.create().parse_override(f"key={text}").value() == text)
    except HydraException:
        return False

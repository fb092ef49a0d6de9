"""Each value of a composed config against the type and bounds of what takes it, before anything is loaded."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from omegaconf import DictConfig
from pydantic import ValidationError

from ltgnn.config.conflicts import conflicts
from ltgnn.config.parameters import UNKNOWN, Parameter, Parameters, of_callable, of_target
from ltgnn.config.resolving import MISSING, OPEN, resolved, source
from ltgnn.config.root_schema import ROOTS, SECTIONS, Recommend, concerns
from ltgnn.config.wanted import shown, wanted, within
from ltgnn.types import UserError

SOURCES = ("projector", "init", "adapt")
"""Groups of which parts are taken over by others: what they lack is lacking only where they are taken."""


@dataclass(frozen=True)
class Finding:
    """One value that is refused: its key, and the message from there on."""

    key: str
    rest: str

    def __str__(self) -> str:
        return f"{self.key}{self.rest}"


def refuse_wrong_values(
    cfg: DictConfig, root: str, choices: Mapping[str, Any] | None = None, only: Sequence[str] = ()
) -> None:
    """``UserError`` that names every value of ``cfg`` that what takes it would refuse, with what is wanted instead.

    ``root``: the yaml that it was composed from (``train``, ``evaluate`` ...), whose knobs have a schema.
    ``choices``: the option of each group, where incompatible options are rejected as well. ``only``: the keys
    that are looked at, where not all are. Classes are imported; nothing is built.
    """
    if lines := wrong_values(cfg, resolved(cfg, only), root, choices):
        raise UserError("\n".join(lines))


def wrong_values(cfg: DictConfig, config: Mapping[str, Any], root: str, choices: Mapping[str, Any] | None) -> list[str]:
    """A line for each value that is refused, without double; ``config``: ``cfg`` resolved."""
    config = {key: value for key, value in config.items() if concerns(root, key, config)}
    refused = list(at_root(config, root)) or list(findings(config))  # what is wrong at the root spares the imports
    found = [replace(one, key=source(cfg, one.key)) for one in refused]
    lines = list(dict.fromkeys(map(str, {one.key: one for one in reversed(found)}.values())))[::-1]
    return lines or ([] if choices is None else list(conflicts(config, root, choices)))


def at_root(config: Mapping[str, Any], root: str) -> Iterator[Finding]:
    """What is refused of the knobs at the root."""
    schema = of_callable(ROOTS.get(root, Recommend))
    yield from _against(replace(schema, open=True), "", config, complete=False)


def findings(config: Mapping[str, Any]) -> Iterator[Finding]:
    """What is refused by the classes and functions behind each ``_target_``, which are imported."""
    for key, value in config.items():
        if key in SECTIONS and isinstance(value, dict) and "_target_" not in value:
            section = SECTIONS[key]
            takes = of_target(section) if isinstance(section, str) else of_callable(section)
            if takes is not None:
                yield from _against(takes, key, value, complete=False)
        yield from _inside(key, value)


def _inside(key: str, value: Any) -> Iterator[Finding]:
    """Of every node with a ``_target_`` below ``key``."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _inside(f"{key}[{number}]", one)
    elif isinstance(value, dict):
        if isinstance(target := value.get("_target_"), str):
            try:
                takes = of_target(target)
            except (ImportError, AttributeError) as error:
                yield Finding(
                    f"{key}._target_",
                    f"={target} given, which cannot be imported ({error}). Fix the name, or put its package on "
                    "PYTHONPATH.",
                )
                return
            if takes is not None:
                partial = bool(value.get("_partial_")) or "_args_" in value
                yield from _against(takes, key, value, complete=not partial)
        for name, one in value.items():
            if not str(name).startswith("_"):
                yield from _inside(f"{key}.{name}", one)


def _against(takes: Parameters, key: str, node: Mapping[str, Any], complete: bool) -> Iterator[Finding]:
    """The values of one node against the parameters. ``complete``: none may be left out."""
    for name, value in node.items():
        if str(name).startswith("_") or _is_node(value):
            continue
        place = f"{key}.{name}".lstrip(".")
        if value == MISSING:
            if key.partition(".")[0] not in SOURCES:
                yield Finding(place, f" is missing: give {place}=, {_wanted(takes.known.get(str(name)))} wanted.")
        elif name in takes.known:
            yield from refusals(takes.known[name], place, value)
        elif not takes.open:
            yield Finding(place, f": {takes.name} takes no '{name}'.{near(str(name), list(takes.known), key)}")
    for parameter in takes.known.values():
        if complete and parameter.required and parameter.name not in node:
            yield Finding(f"{key}.{parameter.name}", f" is missing, {_wanted(parameter)} wanted.")


def refusals(parameter: Parameter, key: str, value: Any) -> Iterator[Finding]:
    """What is wrong with a value without ``_target_``; parts in it are checked separately."""
    known = _known(value)
    if known is OPEN or parameter.adapter is None:
        return
    try:
        parameter.adapter.validate_json(_json(known), strict=True)
        return
    except ValidationError as error:
        refused = error
    try:  # a text may look like a number: a column that is called 0
        parameter.adapter.validate_json(_json(_as_text(known)), strict=True)
        return
    except ValidationError:
        pass
    places = {tuple(_path(known, one["loc"])) for one in refused.errors() if one["type"] != "needs_python_object"}
    if not places:  # a Python object is expected: only a string or number is surely not one
        if isinstance(known, (dict, list)) or known is None:
            return
        places = {()}
    for path in sorted((path for path in places if path or len(places) == 1), key=str) or [()]:
        annotation, inner, where = parameter.annotation, known, key
        for part in path:
            annotation, inner = within(annotation, part), inner[part]
            where += f"[{part}]" if isinstance(part, int) else f".{part}"
        if annotation is None:
            annotation, inner, where = parameter.annotation, known, key
        yield Finding(where, f"={shown(inner)} given, {wanted(annotation)} wanted.{_instead(key, value)}")


def near(given: str, known: Sequence[str], key: str) -> str:
    """``Did you mean ...?``, else what there is."""
    if found := difflib.get_close_matches(given, known, n=1, cutoff=0.6):
        return f" Did you mean '{f'{key}.{found[0]}'.lstrip('.')}'?"
    return f" It takes {', '.join(known)}." if known else " It takes nothing."


def _is_node(value: Any) -> bool:
    return value is OPEN or (isinstance(value, dict) and "_target_" in value)


def _known(value: Any) -> Any:
    """``value`` without the parts and the open places in it; ``OPEN`` where nothing is left."""
    if _is_node(value) or value == MISSING:
        return OPEN
    if isinstance(value, dict):
        inner = {str(name): kept for name, one in value.items() if (kept := _known(one)) is not OPEN}
        return inner if inner or not value else OPEN
    if isinstance(value, list):
        kept = [one for one in map(_known, value) if one is not OPEN]
        return kept if kept or not value else OPEN
    return value


def _json(value: Any) -> str:
    return json.dumps(value, default=str)


def _as_text(value: Any) -> Any:
    """``value`` with its numbers as text."""
    if isinstance(value, dict):
        return {name: _as_text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _path(value: Any, loc: Sequence[str | int]) -> Iterator[str | int]:
    """The keys in ``value`` that pydantic's place of an error names, without its names for the arms of unions."""
    for part in loc:
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]  # type: ignore[index]  # a number where it is a list
            yield part


def _instead(key: str, value: Any) -> str:
    """The key inside a part that a number was most likely meant for: ``sampler.negatives.negatives``."""
    name = key.rpartition(".")[2]
    return f" Did you mean {key}.{name}={shown(value)}?" if key == "sampler.negatives" else ""


def _wanted(parameter: Parameter | None) -> str:
    return "a value" if parameter is None or parameter.annotation is UNKNOWN else wanted(parameter.annotation)

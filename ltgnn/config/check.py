"""Each value of a composed config against the type and bounds of what takes it, before anything is loaded."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from omegaconf import DictConfig

from ltgnn.config.conflicts import conflicts, quick_conflicts
from ltgnn.config.nodes import nodes
from ltgnn.config.not_importable import how_to_import
from ltgnn.config.parameters import UNKNOWN, Parameter, Parameters, of_callable, of_target
from ltgnn.config.refusals import Finding, is_node, refusals
from ltgnn.config.resolving import MISSING, resolved, source
from ltgnn.config.root_schema import PARTS, ROOTS, SECTIONS, Part, Recommend, concerns
from ltgnn.config.type_names import describe_type
from ltgnn.types import UserError

SOURCES = ("projector", "init", "adapt")
"""Groups of which parts are taken over by others: what they lack is lacking only where they are taken."""

A_PART = Parameter("part", Part | None, False)


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
    refused = list(at_root(config, root))  # what is wrong there spares the imports of what is checked next
    if not refused and choices is not None and (early := list(quick_conflicts(config, root, choices))):
        return early
    refused = refused or list(findings(config))
    found = [replace(one, key=source(cfg, one.key)) for one in refused]
    lines = list(dict.fromkeys(map(str, {one.key: one for one in reversed(found)}.values())))[::-1]
    return lines or ([] if choices is None else list(conflicts(config, root, choices)))


def at_root(config: Mapping[str, Any], root: str) -> Iterator[Finding]:
    """What is refused of the knobs at the root."""
    schema = of_callable(ROOTS.get(root, Recommend))
    yield from check_node(replace(schema, open=True), "", config, complete=False)


def findings(config: Mapping[str, Any]) -> Iterator[Finding]:
    """What is refused by the classes and functions behind each ``_target_``, which are imported."""
    for key, value in config.items():
        if key in SECTIONS and isinstance(value, dict) and "_target_" not in value:
            section = SECTIONS[key]
            takes = of_target(section) if isinstance(section, str) else of_callable(section)
            if takes is not None:
                yield from check_node(takes, key, value, complete=False)
        for name, part in value.items() if key in PARTS and isinstance(value, dict) else ():
            yield from refusals(A_PART, f"{key}.{name}", part)
        for place, node in nodes(value, key):
            yield from _of_node(place, node)


def _of_node(key: str, node: Mapping[str, Any]) -> Iterator[Finding]:
    """Of a node, where it has a ``_target_``."""
    if not isinstance(target := node.get("_target_"), str):
        return
    try:
        takes = of_target(target)
    except (ImportError, AttributeError) as error:
        yield Finding(
            f"{key}._target_",
            f"={target} given, which cannot be imported ({error}). {how_to_import(target)}",
        )
        return
    if takes is not None:
        partial = bool(node.get("_partial_")) or "_args_" in node
        yield from check_node(takes, key, node, complete=not partial)


def check_node(takes: Parameters, key: str, node: Mapping[str, Any], complete: bool) -> Iterator[Finding]:
    """The values of one node against the parameters. ``complete``: none may be left out."""
    for name, value in node.items():
        if str(name).startswith("_") or is_node(value):
            continue
        place = f"{key}.{name}".lstrip(".")
        if value == MISSING:
            if key.partition(".")[0] not in SOURCES:
                yield Finding(
                    place, f" is missing: give {place}=, {describe_parameter(takes.known.get(str(name)))} wanted."
                )
        elif name in takes.known:
            yield from refusals(takes.known[name], place, value)
        elif not takes.open:
            yield Finding(place, f": {takes.name} takes no '{name}'.{suggest(str(name), list(takes.known), key)}")
    for parameter in takes.known.values():
        if complete and parameter.required and parameter.name not in node:
            yield Finding(f"{key}.{parameter.name}", f" is missing, {describe_parameter(parameter)} wanted.")


def suggest(given: str, known: Sequence[str], key: str) -> str:
    """``Did you mean ...?``, else what there is."""
    if found := difflib.get_close_matches(given, known, n=1, cutoff=0.6):
        return f" Did you mean '{f'{key}.{found[0]}'.lstrip('.')}'?"
    return f" It takes {', '.join(known)}." if known else " It takes nothing."


def describe_parameter(parameter: Parameter | None) -> str:
    return "a value" if parameter is None or parameter.annotation is UNKNOWN else describe_type(parameter.annotation)

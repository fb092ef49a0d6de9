"""The key of a run: a hash of what can move a number, its resolved recipe and the files that the recipe reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ltgnn.config.input_files import Inputs, inputs_of

RECIPE_FREE = ("paths", "logger", "sweep", "task", "tags", "choices", "changed", "closed", "profile")
"""Parts of a config that cannot move a number, so that they are left out of the run's key."""

INPUTS = "inputs"
"""Where status.json has the sha256 of the files that the run read."""

PLACES = ("run_dir", "cache_dir", "data_dir")
"""Folders of ``paths``: their location does not change results, so that a key has only their names."""


def run_key(cfg: DictConfig) -> str:
    """sha256 of the resolved recipe and of the files it reads: equal keys, equal numbers."""
    return key_of(resolve_config(cfg))


def key_of(config: Mapping[str, Any], inputs: Inputs | None = None) -> str:
    """The run key of a config that is resolved already. ``inputs``: as they are known; None: looked up."""
    recipe = placeless(config)
    if found := recipe_inputs(config) if inputs is None else inputs:
        places = _places(config)
        recipe[INPUTS] = {s: {shorten_paths(n, places): d for n, d in files.items()} for s, files in found.items()}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def recipe_inputs(config: Mapping[str, Any]) -> Inputs:
    """The files that the part of a resolved config reads that can move a number."""
    return inputs_of({k: v for k, v in config.items() if k not in RECIPE_FREE})


def placeless(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a resolved config can move a number, with places by their names."""
    places = _places(config)
    return {k: shorten_paths(v, places) for k, v in config.items() if k not in RECIPE_FREE}


def _places(config: Mapping[str, Any]) -> dict[str, str]:
    return {str(config["paths"][name]): name for name in PLACES if config["paths"].get(name)}


def shorten_paths(value: Any, places: Mapping[str, str]) -> Any:
    """``value`` with paths below ``places`` (path -> name) from the name on."""
    if isinstance(value, Mapping):
        return {key: shorten_paths(inner, places) for key, inner in value.items()}
    if isinstance(value, list):
        return [shorten_paths(inner, places) for inner in value]
    if isinstance(value, str):
        for place, name in places.items():
            if value == place or value.startswith(f"{place}/"):
                return f"<{name}>{value[len(place) :]}"
    return value


def resolve_config(cfg: DictConfig) -> dict[str, Any]:
    """The resolved config as dicts, lists and scalars."""
    container: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    return container

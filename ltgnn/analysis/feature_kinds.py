"""Which kinds of item features (text, images, numbers ...) a run reads, and which of them are controls."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ltgnn.runs.run import Run

REAL, SHUFFLED = "real", "shuffled"
STATES = {"Keep": REAL, "Shuffled": SHUFFLED, "Random": "random"}
"""Class of a control -> what the features are; others go by the name of their class."""

OF_FEATURES = ("features.", "projector.widths.", "projector.projectors.", "fusion.widths.")
"""Beginnings of keys that follow the kinds of features."""

READERS = ("fusion.", "projector.", "live.")
"""Beginnings of keys that a run without features has otherwise: fusion=id."""


@dataclass(frozen=True)
class FeatureKinds:
    """Kind -> what it is in a run (``real``, ``shuffled`` ...); empty: the run reads no features."""

    states: Mapping[str, str]

    def without(self, kind: str) -> FeatureKinds:
        return FeatureKinds({name: state for name, state in self.states.items() if name != kind})

    def having(self, kind: str, state: str) -> FeatureKinds:
        return FeatureKinds({name: state if name == kind else old for name, old in self.states.items()})

    @property
    def key(self) -> frozenset[tuple[str, str]]:
        """Equal for equal kinds in any order."""
        return frozenset(self.states.items())

    @property
    def label(self) -> str:
        """``minilm+images (shuffled)``; ``no features``."""
        said = [name if state == REAL else f"{name} ({state})" for name, state in self.states.items()]
        return "+".join(said) or "no features"


def kinds_of_runs(runs: Sequence[Run]) -> list[FeatureKinds]:
    """The kinds of each run. A kind is known by its section of the recipe without the control, whatever its word.

    So the text of ``features=minilm`` and that of ``features=minilm+images`` are one kind, as is that of
    ``features=shuffled``. Its name is that of the first run that has the real one, else of the first.
    """
    parts = [dict(_parts(run)) for run in runs]
    names: dict[str, str] = {}
    ordered = [(word, part) for found in parts for word, part in found.items()]
    for word, part in sorted(ordered, key=lambda pair: _state(pair[1]) != REAL):
        if (key := _identity(part)) not in names:
            again = sum(name == word or name.startswith(f"{word} #") for name in names.values())
            names[key] = f"{word} #{again + 1}" if again else word
    return [FeatureKinds({names[_identity(part)]: _state(part) for part in found.values()}) for found in parts]


def rest_of_recipe(run: Run, but: Collection[str], without_features: bool) -> tuple[tuple[str, str], ...]:
    """The recipe less the keys ``but`` and those that follow the kinds of features: who agree differ in these alone.

    ``without_features``: to compare with a run that reads none, also less fusion and projector.
    """
    gone = (*OF_FEATURES, *(READERS if without_features else ()))
    rest = {key: value for key, value in run.repeated.items() if key not in but and not key.startswith(gone)}
    return tuple(sorted(rest.items()))


def keys_of_seed(runs: Sequence[Run]) -> set[str]:
    """The seed, and what follows it in every run (``split.seed``)."""
    keys = {key for run in runs for key in run.repeated}
    return {key for key in keys if all(run.repeated.get(key) == run.seed for run in runs)} | {"seed"}


def _parts(run: Run) -> dict[str, Mapping[str, Any]]:
    """Name -> section of each kind."""
    section = run.config.get("features")
    if not run.uses_features or not isinstance(section, Mapping):
        return {}
    return _inside(section, str(run.option("features")))


def _inside(section: Mapping[str, Any], name: str, prefix: str = "") -> dict[str, Mapping[str, Any]]:
    inner = section.get("parts")
    if not isinstance(inner, Mapping):
        return {name: section}
    found: dict[str, Mapping[str, Any]] = {}
    for word, part in inner.items():
        if isinstance(part, Mapping):
            found |= _inside(part, f"{prefix}{word}", f"{prefix}{word}.")
    return found


def _state(part: Mapping[str, Any]) -> str:
    control = part.get("control")
    kind = str(control.get("_target_", "")).rpartition(".")[2] if isinstance(control, Mapping) else "Keep"
    return STATES.get(kind, kind)


def _identity(part: Mapping[str, Any]) -> str:
    return json.dumps({key: value for key, value in part.items() if key != "control"}, sort_keys=True, default=str)

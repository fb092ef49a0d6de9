"""One side of a comparison: the finished runs of one configuration, one per seed, with the values of each user."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltgnn.direction import RECORD, smaller
from ltgnn.runs.checksums import warn_if_changed
from ltgnn.runs.folder import RECIPE_FREE, RunFolder
from ltgnn.types import Mistake

CLOSED_FORM = "none: closed form"


@dataclass(frozen=True)
class Run:
    """A finished run on disk."""

    folder: Path
    config: dict[str, Any]
    metrics: dict[str, Any]

    @cached_property
    def recipe(self) -> dict[str, str]:
        """Flat keys and values that decide the numbers."""
        flat = _flatten({key: value for key, value in self.config.items() if key not in RECIPE_FREE})
        run_dir = str(self.config.get("paths", {}).get("run_dir", self.folder))
        return {key: value.replace(run_dir, ".") for key, value in flat.items()}

    @cached_property
    def repeated(self) -> dict[str, str]:
        """The recipe that runs share which repeat each other with other seeds.

        That of a blend has its members' recipes in place of their folders, and no weights where they were fitted.
        """
        folders = _member_folders(self.config)
        members = {name: Run(at, RunFolder(at).recipe(), {}) for name, at in folders.items() if at.is_dir()}
        gone = tuple(f"model.closed_form.runs.{name}." for name in members)
        if (self.config.get("blend") or {}).get("fitting"):
            gone += ("blend.weights.", "model.closed_form.blend.weights.")
        own = {key: value for key, value in self.recipe.items() if not key.startswith(gone)}
        if len(members) == len(folders) > 0:
            own.pop("runs", None)
        return own | {f"{name}.{key}": value for name, run in members.items() for key, value in run.repeated.items()}

    def word(self, axis: str) -> str:
        """What was chosen for an axis (``fusion``), a root knob (``dim``) or any key (``loss.ranking.temperature``)."""
        choices: dict[str, Any] = self.config.get("choices", {})
        if axis in choices:
            return str(choices[axis])
        value: Any = self.config
        for key in axis.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return "-" if value is None or isinstance(value, dict) else str(value)

    @property
    def seed(self) -> str:
        return str(self.config.get("seed"))

    @property
    def by(self) -> str:
        """What the epoch was selected by."""
        return str(self.metrics.get("selection", {}).get("by", "unknown"))


@dataclass(frozen=True)
class Side:
    """Runs of one configuration that differ in nothing but the seed."""

    runs: Sequence[Run]

    def smaller(self, name: str) -> bool:
        """Whether less of a value is better."""
        return any(smaller(name, run.metrics.get(RECORD)) for run in self.runs)

    @property
    def deterministic(self) -> bool:
        """A closed form has no seed: one run tells all."""
        return all(run.by == CLOSED_FORM for run in self.runs)

    @property
    def splits(self) -> tuple[str, ...]:
        """The fingerprint of each run's split, in the order of the seeds."""
        return tuple(str(run.metrics["fingerprint"]) for run in self.runs)

    @property
    def fingerprint(self) -> str:
        """The split; all of them, where each seed has its own (``split.seed='${seed}'``)."""
        return " ".join(self.splits) if self.many_splits else self.splits[0]

    @property
    def many_splits(self) -> bool:
        """Whether the seeds stand for splits too, so that runs of two sides with the same seed belong together."""
        return len(set(self.splits)) > 1

    @property
    def label(self) -> str:
        choices = self.runs[0].config.get("choices", {})
        return " ".join(str(choices[key]) for key in ("model", "fusion", "loss", "score") if key in choices)

    def values(self, name: str) -> NDArray[np.float64]:
        """The value of each seed.  [S]"""
        return np.array([run.metrics["test"][name] for run in self.runs])

    def mean(self, name: str) -> float | None:
        """Mean over seeds; None where a run lacks the value."""
        there = all(name in run.metrics["test"] for run in self.runs)
        return float(self.values(name).mean()) if there else None

    def has_users(self, name: str) -> bool:
        """Whether every run has kept the value of each user."""
        return all(name in self._schema(run) for run in self.runs)

    def per_user(self, name: str) -> NDArray[np.float64]:
        """The value of each test user, averaged over the seeds that define it.  [n], nan where none does

        With one split a user has a value for every seed or for none; with several, an item of the tail may be held out
        in some of them only.
        """
        self._check_users()
        columns = np.stack([self._column(run, name) for run in self.runs])
        there = ~np.isnan(columns)
        total = np.where(there, columns, 0.0).sum(0)
        mean: NDArray[np.float64] = np.where(there.any(0), total / np.maximum(there.sum(0), 1), np.nan)
        return mean

    def _check_users(self) -> None:
        first = self.users()
        for run in self.runs[1:] if self.many_splits else ():
            if not np.array_equal(first, self._column(run, "user")):
                raise Mistake(
                    f"{self.runs[0].folder} and {run.folder} have different test users, so that no user can be "
                    "averaged over their splits: give both the same split.seed"
                )

    def users(self) -> NDArray[np.float64]:
        return self._column(self.runs[0], "user")

    @staticmethod
    def _schema(run: Run) -> Sequence[str]:
        import polars as pl

        file = run.folder / "per_user.parquet"
        return list(pl.read_parquet_schema(file)) if file.is_file() else []

    @staticmethod
    def _column(run: Run, name: str) -> NDArray[np.float64]:
        import polars as pl

        file = run.folder / "per_user.parquet"
        schema = Side._schema(run)
        if name not in schema:
            raise Mistake(f"{file} has no column '{name}'; it has {', '.join(sorted(schema)[:12])} ... Set --metric.")
        warn_if_changed(run.folder, file.name)
        return pl.read_parquet(file, columns=[name])[name].to_numpy().astype(np.float64)


def load(spec: str) -> Side:
    """``FOLDER`` or ``FOLDER:key=value,...``: a run, or the runs below a folder (or glob) that match.

    Keys are the words of an axis (``fusion=sum``) or root knobs (``dim=64``). Raises ``Mistake`` where no run is found,
    runs have not finished, or runs differ in more than the seed.
    """
    path, wanted = parse(spec)
    folders = sorted({file.parent for top in glob.glob(path) for file in Path(top).glob("**/status.json")})
    if not folders:
        raise Mistake(f"no run folder (with a status.json) at or below '{path}'")
    matching = [folder for folder in folders if _matches(RunFolder(folder), wanted)]
    if not matching:
        raise Mistake(f"none of the {len(folders)} runs below '{path}' has {_words(wanted)}")
    unfinished = [f for f in matching if RunFolder(f).read_json("status.json").get("state") != "finished"]
    if unfinished:
        raise Mistake(f"not finished: {', '.join(map(str, unfinished))}. Run them again, or leave them out of '{spec}'")
    runs = [Run(f, RunFolder(f).recipe(), RunFolder(f).read_json("metrics.json")) for f in matching]
    _check_alike(spec, runs)
    return Side(sorted(runs, key=lambda run: (len(run.seed), run.seed)))


def parse(spec: str) -> tuple[str, dict[str, str]]:
    """``logs/x:model=mf,dim=64`` -> ("logs/x", {"model": "mf", "dim": "64"})"""
    path, colon, tail = spec.rpartition(":")
    if not colon or "=" not in tail:
        return spec, {}
    pairs = [part.partition("=") for part in tail.split(",")]
    return path, {key.strip(): value.strip() for key, _, value in pairs}


def _member_folders(config: Mapping[str, Any]) -> dict[str, Path]:
    """The run folder of each member of a blend; nothing for other runs."""
    closed = (config.get("model") or {}).get("closed_form")
    runs = closed.get("runs") if isinstance(closed, dict) else None
    return {name: Path(member["folder"]) for name, member in runs.items()} if isinstance(runs, dict) else {}


def _matches(folder: RunFolder, wanted: Mapping[str, str]) -> bool:
    config = folder.recipe()
    known = {key: value for key, value in config.items() if not isinstance(value, dict)} | config.get("choices", {})
    return all(str(known.get(key)) == value for key, value in wanted.items())


def differing(runs: Sequence[Run]) -> list[str]:
    """Keys of the recipe that make the runs more than repetitions of each other with other seeds."""
    recipes = [(run.seed, run.repeated) for run in runs]
    return [
        key
        for key in sorted({key for _, recipe in recipes for key in recipe})
        if len({recipe.get(key) for _, recipe in recipes}) > 1 and any(recipe.get(key) != s for s, recipe in recipes)
    ]


def _check_alike(spec: str, runs: Sequence[Run]) -> None:
    """Refuse runs that are no repetitions of each other."""
    different = differing(runs)
    if different:
        axes = [
            axis
            for axis in runs[0].config.get("choices", {})
            if len({str(r.config["choices"].get(axis)) for r in runs}) > 1
        ]
        hint = ",".join(f"{axis}={runs[0].config['choices'][axis]}" for axis in axes) or f"{different[0]}=..."
        raise Mistake(
            f"'{spec}' holds {len(runs)} runs that differ in more than the seed: {', '.join(axes or different[:8])}. "
            f"Choose one configuration, such as {spec.split(':')[0]}:{hint}"
        )
    seen: dict[str, Path] = {}
    for run in runs:
        if run.seed in seen:
            raise Mistake(f"'{spec}' holds seed {run.seed} twice: {seen[run.seed]} and {run.folder}. Leave one out.")
        seen[run.seed] = run.folder


def _flatten(value: Any, prefix: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in _flatten(inner, f"{prefix}{key}.").items()}
    return {prefix[:-1]: str(value)}


def _words(wanted: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in wanted.items())

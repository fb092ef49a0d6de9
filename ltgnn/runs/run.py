"""One run on disk, as every table, test and picture sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ltgnn.config import older_recipes
from ltgnn.config.reads_features import uses_features
from ltgnn.config.search_path import split_folders
from ltgnn.evaluation.metric import HEADLINE
from ltgnn.runs.checksums import warn_if_changed
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.override_words import override_values, split_overrides
from ltgnn.runs.run_key import RECIPE_FREE
from ltgnn.types import Damaged

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")

WIDTH = 119
"""Columns that ``repr`` has for a line."""

UNTRAINED = (
    "fusion", "loss", "graph", "init", "views", "sampler", "optim", "schedule", "trainer", "callbacks", "live",
    "projector",
)  # fmt: skip
"""Config groups that a closed form does not have: it is computed, not trained."""

TRAINING_KNOBS = ("lr", "batch_size", "shared_batches", "epochs", "min_epochs", "eval_every", "patience")
"""Keys at the root that a closed form does not read: they stand in no label of it."""

OF_TRAINING = (*UNTRAINED, *TRAINING_KNOBS)
"""Both: what is ``-`` for a closed form."""


class DamagedRun(Damaged):
    """A run folder with a file that cannot be read."""

    def __init__(self, folder: Path, message: str) -> None:
        super().__init__(message)
        self.folder = folder


@dataclass(frozen=True)
class Run:
    """A run on disk."""

    folder: Path
    config: dict[str, Any]
    metrics: dict[str, Any]
    state: str = "finished"
    error: str = ""
    overrides: tuple[str, ...] = ()

    def __repr__(self) -> str:
        words = " ".join(
            word for axis in ("model", "fusion", "loss") if (word := self.option(axis)) not in ("-", "None")
        )
        shown = [f"{name} {self.test[name]:.4f}" for name in HEADLINE if name in self.test] or [self.state]
        said = f"{words}, seed {self.seed}; {', '.join(shown)})"
        line = f"Run({str(self.folder)!r}: {said}"
        return line if len(line) <= WIDTH else f"Run({str(self.folder)!r}:\n    {said}"

    @cached_property
    def recipe(self) -> dict[str, str]:
        """Flat keys and values that decide the numbers; of a closed form without how others are trained."""
        free = (*RECIPE_FREE, *UNTRAINED) if self.closed_form else RECIPE_FREE
        flat = _flatten({key: value for key, value in self.config.items() if key not in free})
        paths = self.config.get("paths")
        run_dir = str(paths.get("run_dir", self.folder) if isinstance(paths, dict) else self.folder)
        return {key: value.replace(run_dir, ".") for key, value in flat.items()}

    @cached_property
    def repeated(self) -> dict[str, str]:
        """The recipe that runs share which repeat each other with other seeds.

        That of a blend has its members' recipes in place of their folders, and no weights where they were fitted.
        """
        folders = _member_folders(self.config)
        try:
            members = {name: Run(at, RunFolder(at).recipe(), {}) for name, at in folders.items() if at.is_dir()}
        except Damaged as error:
            raise DamagedRun(self.folder, f"{self.folder} is a blend of a damaged run: {error}") from error
        gone = tuple(f"model.closed_form.runs.{name}." for name in members)
        if (self.config.get("blend") or {}).get("fitting"):
            gone += ("blend.weights.", "model.closed_form.blend.weights.")
        kept = {key: value for key, value in self.recipe.items() if not key.startswith(gone)}
        if len(members) == len(folders) > 0:
            kept.pop("runs", None)
        return kept | {f"{name}.{key}": value for name, run in members.items() for key, value in run.repeated.items()}

    @cached_property
    def closed_form(self) -> bool:
        """Whether the model was computed, so that it has neither fusion nor loss."""
        return "closed_form" in (self.config.get("model") or {})

    @property
    def computed_with_seed(self) -> bool:
        """Whether it is one of the closed forms that have a seed (ALS, ELSA, random)."""
        return self.closed_form and "seed" in (self.config["model"]["closed_form"] or {})

    @cached_property
    def uses_features(self) -> bool:
        """Whether item features reach the scores: as the run recorded it, else as its recipe tells."""
        return uses_features(self.config, self.metrics)

    @cached_property
    def yaml_folders(self) -> list[str]:
        """The user's yaml trees (``--config-dir``, ``LTGNN_CONF``) that the command had."""
        command = RunFolder(self.folder).read_json("env.json").get("command")
        words = command[1:] if isinstance(command, list) else []
        return split_folders([str(word) for word in words])[1]

    @property
    def warnings(self) -> list[str]:
        """What the reader of its numbers has to know, in sentences."""
        found: list[str] = self.metrics.get("warnings", [])
        return found

    @property
    def test(self) -> dict[str, float]:
        """Values of the test part by name; empty where the run has none."""
        values: dict[str, float] = self.metrics.get("test", {})
        return values

    @property
    def seed(self) -> str:
        return str(self.config.get("seed"))

    @property
    def by(self) -> str:
        """What the epoch was selected by."""
        return str(self.metrics.get("selection", {}).get("by", "unknown"))

    @property
    def fingerprint(self) -> str:
        """Of the split that the run was tested on."""
        if "fingerprint" not in self.metrics:
            raise DamagedRun(self.folder, f"{self.folder}: metrics.json has no 'fingerprint' of the split.")
        return str(self.metrics["fingerprint"])

    def option(self, key: str) -> str:
        """The value of a config group (``fusion``), a root knob (``dim``) or any key (``loss.ranking.temperature``).

        ``-`` where the run has none, as a closed form has no fusion.
        """
        if self.closed_form and key.partition("/")[0].partition("@")[0].partition(".")[0] in OF_TRAINING:
            return "-"
        choices: dict[str, Any] = self.config.get("choices", {})
        if key in choices:
            return str(choices[key])
        value: Any = self.config
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return "-" if value is None or isinstance(value, dict) else str(value)

    @cached_property
    def changed(self) -> dict[str, str]:
        """What ``ltgnn evaluate`` changed of a finished run: key -> value as given."""
        return override_values(split_overrides(str(self.config.get("changed") or "")))

    def columns(self, name: str, columns: Sequence[str]) -> pl.DataFrame:
        """Columns of a parquet file of the run; raises ``DamagedRun`` where it cannot be read."""
        import polars as pl

        warn_if_changed(self.folder, name)
        stored = {older_recipes.metric(column): column for column in self._stored_columns(name)}
        found = self.reading(
            name,
            lambda file: pl.read_parquet(file, columns=[stored.get(column, column) for column in columns], glob=False),
        )
        return found.rename({stored.get(column, column): column for column in columns})

    def schema(self, name: str) -> list[str]:
        """Column names of a parquet file of the run; none where it is absent."""
        return [older_recipes.metric(column) for column in self._stored_columns(name)]

    def _stored_columns(self, name: str) -> list[str]:
        """Column names as they are in the file."""
        import polars as pl

        if not (self.folder / name).is_file():
            return []
        return self.reading(name, lambda file: pl.scan_parquet(file, glob=False).collect_schema().names())

    def json(self, name: str) -> dict[str, Any]:
        """A JSON file of the run; empty where it is absent."""
        return self.reading(name, lambda file: RunFolder(self.folder).read_json(file.name))

    def reading(self, name: str, reader: Callable[[Path], T]) -> T:
        """``read`` of a file of the run; ``DamagedRun`` names it where that fails, for whatever reason."""
        import polars as pl

        try:
            return reader(self.folder / name)
        except Damaged as error:
            raise error if isinstance(error, DamagedRun) else DamagedRun(self.folder, str(error)) from error
        except (Exception, pl.exceptions.PanicException) as error:
            raise DamagedRun(self.folder, f"{self.folder}: {name} cannot be read ({first_line(error)}).") from error


def first_line(error: BaseException) -> str:
    """Of its message, or its kind where it has none."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _member_folders(config: Mapping[str, Any]) -> dict[str, Path]:
    """The run folder of each member of a blend; nothing for other runs."""
    closed = (config.get("model") or {}).get("closed_form")
    runs = closed.get("runs") if isinstance(closed, dict) else None
    return {name: Path(member["folder"]) for name, member in runs.items()} if isinstance(runs, dict) else {}


def _flatten(value: Any, prefix: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in _flatten(inner, f"{prefix}{key}.").items()}
    return {prefix[:-1]: str(value)}


def checked_recipe(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """``config``, where its sections are sections; else ``DamagedRun``."""
    choices = config["choices"]
    incomplete = isinstance(choices, dict) and isinstance(config.get("data"), dict) and "data" not in choices
    # the choices are the last section of the file
    if not isinstance(choices, dict) or (incomplete and "fusion" in config):
        raise DamagedRun(folder, f"{folder}: config.yaml is cut short: its 'choices' are incomplete.")
    for section in ("model", "fusion"):
        if not isinstance(config.get(section, {}), dict):
            raise DamagedRun(
                folder, f"{folder}: config.yaml: '{section}' is not a section, so it is not a recipe of a run."
            )
    if not isinstance(config.get("blend") or {}, dict):
        raise DamagedRun(folder, f"{folder}: config.yaml: 'blend' is not a section, so it is not a recipe of a run.")
    if odd := [key for key in (*config, *choices) if not isinstance(key, str)]:
        raise DamagedRun(folder, f"{folder}: config.yaml has the key {odd[0]!r}; expected only strings.")
    return config

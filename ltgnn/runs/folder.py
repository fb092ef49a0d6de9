"""The run folder: plain files, readable without a server and without this package."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ltgnn.config import older_recipes
from ltgnn.config.input_files import Inputs, inputs_of
from ltgnn.config.paths import write_whole
from ltgnn.config.recipe import opened
from ltgnn.io import bounded_read, libyaml
from ltgnn.io.atomic_write import Unwritable, clear, make_folder, whole
from ltgnn.runs.checksums import FILE as CHECKSUMS
from ltgnn.runs.checksums import RECORD, warn_if_changed, write_checksums
from ltgnn.runs.environment import environment
from ltgnn.types import Evaluation, Mistake

log = logging.getLogger(__name__)

SHORT = 1000
"""Characters of an error that are kept where the disk is full: with the rest of the status less than a block."""

RECIPE_FREE = ("paths", "logger", "sweep", "task", "tags", "choices", "changed", "closed", "profile")
"""Parts of a config that cannot move a number, so that they are left out of the run's key."""

INPUTS = "inputs"
"""Where status.json has the sha256 of the files that the run read."""

RESUME = "checkpoints/resume.ckpt"
"""Where an unfinished training keeps what it needs to go on."""

PLACES = ("run_dir", "cache_dir", "data_dir")
"""Folders of ``paths``: where they are moves no number either, so that a key knows them by name."""


def run_key(cfg: DictConfig) -> str:
    """sha256 of the resolved recipe and of the files it reads: equal keys, equal numbers."""
    return key_of(plain(cfg))


def key_of(config: Mapping[str, Any], inputs: Inputs | None = None) -> str:
    """The run key of a config that is resolved already. ``inputs``: as they are known; None: looked up."""
    recipe = placeless(config)
    if found := recipe_inputs(config) if inputs is None else inputs:
        places = _places(config)
        recipe[INPUTS] = {s: {_placeless(n, places): d for n, d in files.items()} for s, files in found.items()}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def recipe_inputs(config: Mapping[str, Any]) -> Inputs:
    """The files that the part of a resolved config reads that can move a number."""
    return inputs_of({k: v for k, v in config.items() if k not in RECIPE_FREE})


def placeless(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a resolved config can move a number, with places by their names."""
    places = _places(config)
    return {k: _placeless(v, places) for k, v in config.items() if k not in RECIPE_FREE}


def _places(config: Mapping[str, Any]) -> dict[str, str]:
    return {str(config["paths"][name]): name for name in PLACES if config["paths"].get(name)}


def _placeless(value: Any, places: Mapping[str, str]) -> Any:
    """``value`` with paths below ``places`` (path -> name) from the name on."""
    if isinstance(value, Mapping):
        return {key: _placeless(inner, places) for key, inner in value.items()}
    if isinstance(value, list):
        return [_placeless(inner, places) for inner in value]
    if isinstance(value, str):
        for place, name in places.items():
            if value == place or value.startswith(f"{place}/"):
                return f"<{name}>{value[len(place) :]}"
    return value


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The resolved config as dicts, lists and scalars."""
    container: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    return container


class RunFolder:
    """Writes and reads one run's files. Every file appears whole or not at all."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.written: dict[str, str] = {}  # text files of the job that runs: name -> text

    @contextmanager
    def job(self, cfg: DictConfig, overrides: Sequence[str] = ()) -> Iterator[RunFolder]:
        """Record the recipe and that the run is running; at the end that it finished, or failed and why.

        States beside these: ``interrupted`` (Ctrl-C), and the attribute ``state`` of an exception (``pruned``). A
        folder whose files are removed while the job runs is a ``Mistake``, and is left with recipe and error.
        """
        from ltgnn.runs.begun import make_way

        config = plain(cfg)
        make_way(self, config)
        make_folder(self.path)
        clear(self.path)
        (self.path / CHECKSUMS).unlink(missing_ok=True)  # of a run whose status.json was lost
        self.written = {}
        self.write("config.yaml", libyaml.dump(config))
        self.write("overrides.yaml", libyaml.dump(list(overrides)))
        self.write_json("env.json", environment())
        started, inputs = time.time(), recipe_inputs(config)
        status: dict[str, Any] = {"state": "running", "key": key_of(config, inputs), INPUTS: inputs}
        status |= {"pid": os.getpid(), "started": started}
        self.write_json("status.json", status)
        try:
            yield self
            self.refuse_removed()
            write_checksums(self.path)
            (self.path / RESUME).unlink(missing_ok=True)
            ended = {"ended": time.time(), "seconds": time.time() - started}
            self.write_json("status.json", status | {"state": "finished"} | ended)
        except BaseException as raised:
            error = self._removed(raised)
            trace = traceback.format_exc()
            kind = "interrupted" if isinstance(error, KeyboardInterrupt) else getattr(error, "state", "failed")
            status |= {"state": kind, "error": f"{type(error).__name__}: {error}", "traceback": trace}
            self.record(status | {"ended": time.time(), "seconds": time.time() - started})
            if error is raised:
                raise
            raise error from raised

    def refuse_removed(self) -> None:
        """``Mistake`` where files that this job has written are there no more."""
        if gone := [name for name in self.written if not (self.path / name).is_file()]:
            raise Mistake(
                f"{self.path}: {', '.join(gone)} removed while the job ran; give the command again to run it anew."
            )

    def _removed(self, error: BaseException) -> BaseException:
        """``error``, or that the files of the job were removed, which then caused it."""
        try:
            self.refuse_removed()
        except Mistake as mistake:
            return mistake if isinstance(error, Exception) else error
        return error

    def record(self, status: Mapping[str, Any]) -> None:
        """Write how a job failed, with its recipe where that is gone; on a full disk at least its state."""
        text = json.dumps(dict(status), indent=1, ensure_ascii=False) + "\n"
        try:
            make_folder(self.path)
            for name, lost in self.written.items():
                if not (self.path / name).is_file():
                    write_whole(self.path / name, lost)
            write_whole(self.path / "error.txt", status["traceback"])
            write_whole(self.path / "status.json", text)
        except Unwritable as reason:
            log.warning("%s", reason)
            short = {**status, "error": status["error"][:SHORT], "traceback": ""}
            with suppress(OSError), (self.path / "status.json").open("r+", encoding="utf-8") as file:
                file.write(json.dumps(short, indent=1, ensure_ascii=False))  # into the block that it has already
                file.truncate()

    def write(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all; the folder must be there."""
        write_whole(self.path / name, text, parents=False)
        self.written[name] = text

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self.write(name, json.dumps(value, indent=1, ensure_ascii=False) + "\n")

    def write_evaluation(self, part: str, evaluation: Evaluation) -> None:
        """Per-user values and lists of one part; the test part has the plain names."""
        import polars as pl

        prefix = "" if part == "test" else f"{part}_"
        users = evaluation.lists.users.cpu().numpy()
        values = {name: column.numpy() for name, column in evaluation.per_user.items()}
        self.write_parquet(f"{prefix}per_user.parquet", pl.DataFrame({"user": users, **values}))
        items, scores = evaluation.lists.items.cpu().numpy(), evaluation.lists.scores.cpu().numpy()
        self.write_parquet(f"{prefix}topk.parquet", pl.DataFrame({"user": users, "items": items, "scores": scores}))

    def write_parquet(self, name: str, frame: Any) -> None:
        """Write a polars frame, whole or not at all; the folder must be there."""
        with whole(self.path / name, parents=False) as temporary:
            frame.write_parquet(temporary)

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file of the run, empty where it is absent; ``Damaged`` where it is no JSON object."""
        if name in older_recipes.FILES and not (self.path / name).exists():
            name = older_recipes.FILES[name]
        return bounded_read.read_json(self.path, name) or {}

    def config(self) -> DictConfig:
        """The resolved recipe, safe to make parts of; ``Mistake`` where it names what is not trusted."""
        recipe = opened(self.path)
        warn_if_changed(self.path, *RECORD)
        return recipe

    def recipe(self) -> dict[str, Any]:
        """The resolved recipe as plain values, in today's words, to be read alone.

        ``Damaged`` where it is absent or no recipe.
        """
        return older_recipes.translated(bounded_read.read_recipe(self.path))

    def is_older(self) -> bool:
        """Whether an earlier version of ltgnn wrote the recipe, in other words than those of today."""
        return older_recipes.is_older(bounded_read.read_recipe(self.path))

"""The run folder: plain files, readable without a server and without this package."""

from __future__ import annotations

import json
import logging
import os
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ltgnn.config import older_recipes
from ltgnn.config.paths import write_whole
from ltgnn.config.recipe import open_recipe
from ltgnn.io import bounded_read, libyaml
from ltgnn.io.atomic_write import Unwritable, clear, make_folder, replace_atomically
from ltgnn.runs.checksums import FILE as CHECKSUMS
from ltgnn.runs.checksums import RECORD, warn_if_changed, write_checksums
from ltgnn.runs.environment import environment
from ltgnn.runs.existing_run import ASKED, make_way
from ltgnn.runs.run_key import INPUTS, key_of, recipe_inputs, resolve_config
from ltgnn.types import Evaluation, UserError

log = logging.getLogger(__name__)

SHORT = 1000
"""Characters of an error that are kept where the disk is full: with the rest of the status less than a block."""

RESUME = "checkpoints/resume.ckpt"
"""State from which an unfinished training resumes."""

FITTED = "checkpoints/fitted.safetensors"
"""The table of a closed form that the run fitted (``ltgnn.runs.fitted_tables``)."""


class RunFolder:
    """Writes and reads one run's files. Every file is written atomically."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.written: dict[str, str] = {}  # text files of the job that runs: name -> text

    @contextmanager
    def job(self, cfg: DictConfig, overrides: Sequence[str] = ()) -> Iterator[RunFolder]:
        """Record the recipe and that the run is running; at the end that it finished, or failed and why.

        States beside these: ``interrupted`` (Ctrl-C), and the attribute ``state`` of an exception (``pruned``). A
        folder whose files are removed while the job runs is a ``UserError``, and is left with recipe and error.
        """
        config = resolve_config(cfg)
        make_way(self.path, config)
        make_folder(self.path)
        clear(self.path)
        for name in (CHECKSUMS, FITTED):  # of an unfinished run, or of one whose status.json was lost
            (self.path / name).unlink(missing_ok=True)
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
            error = self._explain_removed(raised)
            trace = traceback.format_exc()
            kind = "interrupted" if isinstance(error, KeyboardInterrupt) else getattr(error, "state", "failed")
            status |= {"state": kind, "error": f"{type(error).__name__}: {error}", "traceback": trace}
            self.record(status | {"ended": time.time(), "seconds": time.time() - started})
            if error is raised:
                raise
            raise error from raised

    def amend(self, cfg: DictConfig) -> None:
        """Record what ran where a job found a part of its recipe itself.

        Recipe and key follow; ``asked`` keeps the key of the recipe that was asked for.
        """
        config, status = resolve_config(cfg), self.read_json("status.json")
        self.write("config.yaml", libyaml.dump(config))
        write_checksums(self.path)
        self.write_json("status.json", status | {"key": key_of(config), ASKED: status.get(ASKED, status["key"])})

    def refuse_removed(self) -> None:
        """``UserError`` where files that this job has written are there no more."""
        if gone := [name for name in self.written if not (self.path / name).is_file()]:
            raise UserError(
                f"{self.path}: {', '.join(gone)} removed while the job ran; give the command again to run it anew."
            )

    def _explain_removed(self, error: BaseException) -> BaseException:
        """``error``, or that the files of the job were removed, which then caused it."""
        try:
            self.refuse_removed()
        except UserError as mistake:
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
        """Write a text file atomically; the folder must exist."""
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
        """Write a polars frame atomically; the folder must exist."""
        with replace_atomically(self.path / name, parents=False) as temporary:
            frame.write_parquet(temporary)

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file of the run, empty where it is absent; ``Damaged`` where it is not a JSON object."""
        if name in older_recipes.FILES and not (self.path / name).exists():
            name = older_recipes.FILES[name]
        return bounded_read.read_json(self.path, name) or {}

    def config(self) -> DictConfig:
        """The resolved recipe, safe to make parts of; ``UserError`` where it names what is not trusted."""
        recipe = open_recipe(self.path)
        warn_if_changed(self.path, *RECORD)
        return recipe

    def recipe(self) -> dict[str, Any]:
        """The resolved recipe as plain values, in today's names, read-only.

        ``Damaged`` where it is absent or no recipe.
        """
        return older_recipes.translated(bounded_read.read_recipe(self.path))

    def is_older(self) -> bool:
        """Whether an earlier version of ltgnn wrote the recipe, with other names than those of today."""
        return older_recipes.is_older(bounded_read.read_recipe(self.path))

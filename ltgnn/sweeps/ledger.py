"""Who has which job of a sweep folder: one small file per run key, so that no job is lost and none is run twice."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltgnn.config.paths import write_whole
from ltgnn.io.atomic_write import Unwritable, clear, make_folder
from ltgnn.runs.folder import RESUME, RunFolder
from ltgnn.sweeps.process_id import alive, this_process
from ltgnn.types import Damaged, UserError

log = logging.getLogger(__name__)

KEY = re.compile(r"\w[\w:.-]*")
"""A run key, which is the name of a file here."""

BEAT = 15.0
"""Seconds between two signs of life of a job."""

SILENT = 120.0
"""Seconds without a sign of life after which a job on another machine counts as dead."""


@dataclass(frozen=True)
class Claim:
    """The answer to a wish to run a job: ``state`` is ``mine``, ``finished``, ``failed`` or ``busy``."""

    state: str
    folder: Path


class Ledger:
    """The folder ``.sweep`` of a sweep. All changes are made under one lock, which the kernel frees with its holder."""

    def __init__(self, sweep_dir: Path) -> None:
        self.sweep_dir, self.home = sweep_dir, sweep_dir / ".sweep"
        self.unread: set[str] = set()  # keys whose entry is damaged, each reported once
        make_folder(self.home, "sweep.dir=")

    @classmethod
    def of(cls, sweep_dir: Path) -> Ledger | None:
        """The ledger of a sweep folder that has one; nothing is made."""
        return cls(sweep_dir) if (sweep_dir / ".sweep").is_dir() else None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One process at a time, and one thread of it."""
        make_folder(self.home)  # it may have been removed
        with (self.home / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError as error:
                raise UserError(
                    f"{self.sweep_dir}: its file system has no locks ({error}); set sweep.dir to a folder of another"
                ) from error
            yield

    @contextmanager
    def claim(self, key: str, name: str, since: float) -> Iterator[Claim]:
        """Inside, the job of ``key`` is ours if ``state`` is ``mine``; its folder is then empty.

        ``name``: its folder, where it has none yet. ``since``: a failure after this time is an answer, an earlier
        one is tried again.
        """
        with self.lock():
            claim = self._take(key, name, since)
        if claim.state != "mine":
            yield claim
            return
        self.note("begins", key, claim.folder)
        stop = threading.Event()
        beat = threading.Thread(target=self._beat, args=(key, stop), daemon=True)
        beat.start()
        try:
            yield claim
        finally:
            stop.set()
            beat.join()
            try:
                self.note(status_of(claim.folder).get("state", "lost"), key, claim.folder)
                self._write(key, {"folder": self._entry_name(claim.folder), "owner": None})
            except (Unwritable, OSError) as reason:  # a full disk: the job is free, and is found again by its folder
                log.warning("%s", reason)
                (self.home / f"{key}.json").unlink(missing_ok=True)

    def note(self, event: str, key: str, folder: Path) -> None:
        """A line in ``journal.csv``: what was started and how it ended, by which process, in the order of time."""
        line = f"{time.time():.3f},{os.getpid()},{event},{key},{folder.name}\n"
        with (self.home / "journal.csv").open("a", encoding="utf-8") as file:  # one short write: lines never mix
            file.write(line)

    def busy(self, key: str) -> bool:
        """Whether a living process has the job."""
        owner = self.entry(key).get("owner")
        lives = alive(owner)
        return self._heard_of(key) if lives is None else lives

    def folder(self, key: str) -> Path | None:
        """The folder of the job, if it was ever started."""
        name = self.entry(key).get("folder")
        return None if name is None else self.sweep_dir / name

    def finished(self, key: str) -> bool:
        folder = self.folder(key)
        return folder is not None and status_of(folder).get("state") == "finished"

    def adopt(self) -> None:
        """Take over what other programs left: run folders in the sweep folder that have a key and no entry.

        What killed processes were writing is removed, here and in the run folders.
        """
        clear(self.home)
        with self.lock():
            for file in sorted(self.sweep_dir.glob("*/status.json")):
                clear(file.parent)
                with suppress(Damaged):  # reported when its job comes, or by the table
                    key = str(RunFolder(file.parent).read_json("status.json").get("key", ""))
                    if KEY.fullmatch(key):
                        self.enter(key, file.parent.name)

    def enter(self, key: str, folder: str) -> None:
        """Record the folder of a job without an entry; an absolute path may lie in another sweep."""
        if not self.entry(key):
            self._write(key, {"folder": folder, "owner": None})

    def entry(self, key: str) -> dict[str, Any]:
        """``folder`` and ``owner`` of a job; empty if it was never started, or its file is empty."""
        file = self.home / f"{key}.json"
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(found["folder"], str) and isinstance(found["owner"], dict | None):
                return {"folder": found["folder"], "owner": found["owner"]}
            reason = "it holds no folder and owner"
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
            reason = str(error)
        if key not in self.unread:
            log.warning("%s: %s cannot be read (%s); the job is found by its folder.", self.home, file.name, reason)
            self.unread.add(key)
        return {}

    def _take(self, key: str, name: str, since: float) -> Claim:
        folder = self.folder(key) or self._free_name(key, name)
        if self.busy(key):
            return Claim("busy", folder)
        status = status_of(folder)
        if status.get("state") == "finished":
            return Claim("finished", folder)
        if not self._is_inside(folder):  # a run that a search learned from, damaged since: it is not ours to empty
            folder = self._free_name(key, name)
        if status.get("state") in ("failed", "pruned") and status.get("ended", 0.0) >= since:
            return Claim(status["state"], folder)
        self._write(key, {"folder": self._entry_name(folder), "owner": this_process()})
        if folder.is_dir():
            empty(folder)
        return Claim("mine", folder)

    def _free_name(self, key: str, name: str) -> Path:
        """``name``, unless a run of another recipe has that folder: the same overrides after the yaml tree changed."""
        folder = self.sweep_dir / name
        unknown = "" if (folder / "metrics.json").is_file() else key
        taken = read_status(folder).get("key", unknown)
        return folder if taken == key else self.sweep_dir / f"{name}_{key[:8]}"

    def _is_inside(self, folder: Path) -> bool:
        """Whether a folder lies in this sweep, which no forged entry or link can pretend."""
        return folder.parent == self.sweep_dir and folder.name not in ("", "..") and not folder.is_symlink()

    def _entry_name(self, folder: Path) -> str:
        """As an entry names it: by its name in this sweep, else by its path."""
        return folder.name if folder.parent == self.sweep_dir else str(folder)

    def _write(self, key: str, entry: dict[str, Any]) -> None:
        write_whole(self.home / f"{key}.json", json.dumps(entry))

    def _beat(self, key: str, stop: threading.Event) -> None:
        while not stop.wait(BEAT):
            with suppress(OSError):
                (self.home / f"{key}.json").touch()

    def _heard_of(self, key: str) -> bool:
        """Whether a job had a recent heartbeat, by the clock of the file system that both machines share."""
        clock = self.home / "lock"
        clock.touch()
        return clock.stat().st_mtime - (self.home / f"{key}.json").stat().st_mtime < SILENT


def status_of(folder: Path) -> dict[str, Any]:
    """The status of a run; a "finished" one without readable recipe or values is not a finished run.

    Empty where there is none, or where a file of the run is damaged, which is logged.
    """
    status = read_status(folder)
    if status.get("state") != "finished":
        return status
    run = RunFolder(folder)
    try:
        run.recipe()
        if run.read_json("metrics.json"):
            return status
        log.warning("%s: metrics.json is missing; the job is run again.", folder)
    except Damaged as damaged:
        log.warning("%s The job is run again.", damaged)
    return {}


def read_status(folder: Path) -> dict[str, Any]:
    """The current status of a run; empty where there is none, or where it is damaged, which is logged."""
    try:
        return RunFolder(folder).read_json("status.json")
    except Damaged as damaged:
        log.warning("%s", damaged)
        return {}


def empty(folder: Path) -> None:
    """Drop what a broken run left: a partial history must not pass for a complete one. A resumable run keeps all."""
    if folder.is_symlink():  # what it leads to is not of this sweep
        folder.unlink()
    if not folder.is_dir() or (folder / RESUME).is_file():
        return
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

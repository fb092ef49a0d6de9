"""Checksums of a run's files, written when it ends: a file changed or damaged since is reported when it is read."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from ltgnn.config.paths import write_whole
from ltgnn.io.bounded_read import LONGEST, read_text
from ltgnn.io.file_digest import file_digest
from ltgnn.io.scoped_cache import cached

log = logging.getLogger(__name__)

FILE = "checksums.json"
RECORD = ("config.yaml", "metrics.json")
"""The recipe and its numbers, which every reader of a run reads."""

LARGE = (
    "checkpoints/best.ckpt",
    "checkpoints/last.ckpt",
    "checkpoints/fitted.safetensors",
    "*per_user.parquet",
    "*topk.parquet",
    "items.parquet",
)

KEPT = (*RECORD, *LARGE)
"""Files whose bytes decide numbers or lists, and whose damage a reader cannot detect."""


def write_checksums(folder: Path) -> None:
    """``checksums.json``: sha256 of each of these files, by its path below the folder."""
    files = sorted(file for pattern in KEPT for file in folder.glob(pattern) if file.is_file())
    found = {str(file.relative_to(folder)): file_digest(file, settled=0) for file in files}
    write_whole(folder / FILE, json.dumps(found, indent=1) + "\n")


def warn_if_changed(folder: Path, *names: str) -> bool:
    """Whether one of these files of a run differs from what the run wrote; logged in one line.

    Older runs without checksums, and missing files, are not checked; that damaged checksums cannot be read is logged
    too. A file is read once per command and state, and reported once.
    """
    if not (folder / FILE).is_file():
        return False
    try:
        wanted = dict(json.loads(read_text(folder / FILE)))
    except (OSError, ValueError, TypeError, RecursionError):
        _warn_unchecked(folder)
        return False
    try:
        changed = [name for name in names if name in wanted and _differs(folder / name, wanted[name])]
    except OSError:  # its reader reports it
        return False
    if changed:
        _warn(folder, " and ".join(changed), len(changed) > 1)
    return bool(changed)


def _differs(file: Path, wanted: object) -> bool:
    if not file.is_file() or (file.name in RECORD and file.stat().st_size > LONGEST):
        return False  # such a record is refused by those who read it
    return file_digest(file, settled=0) != wanted


@cached
def _warn(folder: Path, names: str, several: bool) -> None:
    log.warning(
        "%s: %s %s damaged, or changed after the run (checksums not those of %s): numbers and lists that rest on %s "
        "are not those of the run. Train it again.",
        folder, names, "are" if several else "is", FILE, "them" if several else "it",
    )  # fmt: skip


@cached
def _warn_unchecked(folder: Path) -> None:
    log.warning("%s: %s is damaged, so that it cannot be told whether files of this run have changed.", folder, FILE)

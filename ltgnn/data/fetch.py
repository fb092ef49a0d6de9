"""The files of a data set: present and verified, or obtained from the first source that has them."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hydra.utils import instantiate

from ltgnn.config import safe_names
from ltgnn.data.verified import check, digest_of, read_marker, remember, seen_digest
from ltgnn.io.atomic_write import make_folder
from ltgnn.types import UserError

log = logging.getLogger(__name__)


class Unavailable(Exception):
    """A source cannot supply a file; the message is the reason, shown when all sources fail."""


class Source(Protocol):
    """A place that may have the files of a data set."""

    def __call__(self, name: str, wanted: Sequence[str], into: Path, parts: Path) -> None:
        """Puts those of the ``wanted`` files of data set ``name`` that it has into the folder ``into``.

        ``parts`` is a folder that survives a failure: half-done downloads wait there to be resumed.
        Raises ``Unavailable`` where it has none.
        """
        ...


@dataclass(frozen=True)
class Folder:
    """Files that are already in a folder of the user's; nothing is fetched or verified."""

    path: str

    def __call__(self) -> Path:
        folder = Path(self.path).expanduser()
        if not folder.is_dir():
            raise UserError(f"No folder {folder}. Name the folder that holds your files: data.files.path=FOLDER")
        return folder


@dataclass(frozen=True)
class Files:
    """The files of a public data set, each verified by its sha256.

    Calling it returns the folder that holds them. Verified files need no network and, while their size and
    time of change stay the same, no second hashing. Missing ones are taken from ``sources`` in the given
    order; a file reaches the folder verified or not at all. Concurrent processes wait for
    the first one.
    """

    name: str
    folder: str
    sha256: Mapping[str, str | None]  # file -> expected digest; None: none is published, the first one seen is kept
    sources: Sequence[Source]
    origin: str  # where the originals are, for a user who has to fetch by hand

    def __call__(self) -> Path:
        folder = Path(self.folder).expanduser()
        safe_names.name(self.name, "data.name")
        for file in self.sha256:
            safe_names.file_name(file, "data.files.sha256")
        if not (missing := self.missing(folder)):
            return folder
        refuse_foreign(folder, self.sha256, missing)
        make_folder(folder, "data.files.folder=")
        with _lock(folder):
            missing = self.missing(folder)
            self._take_over(folder, missing)
            if missing:
                self._obtain(folder, missing)
        return folder

    def missing(self, folder: Path) -> dict[str, str]:
        """The files that are absent or not the expected ones -> what is wrong with each."""
        marker, wrong = read_marker(folder), {}
        for file, expected in self.sha256.items():
            reason = check(folder / file, expected or seen_digest(marker, file), marker)
            if reason:
                wrong[file] = reason
        return wrong

    def _obtain(self, folder: Path, missing: dict[str, str]) -> None:
        tried = []
        for source in self.sources:
            with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder) as temporary:
                into, reasons = Path(temporary), []
                try:
                    source(self.name, tuple(missing), into, folder)
                except Unavailable as reason:
                    reasons.append(str(reason))
                finally:  # also of a source that broke off, or was interrupted: what it has completed is kept
                    reasons.append(self._accept(into, folder, missing))
                refused = "; ".join(filter(None, reasons))
            if not missing:
                log.info("%s: files in %s", self.name, folder)
                return
            tried.append(f"  {type(source).__name__}: {refused or 'does not have ' + ', '.join(missing)}")
        raise UserError(
            f"Data set {self.name}: no source could supply {', '.join(missing)}. Tried in this order:\n"
            + "\n".join(tried)
            + "\nIn the folder:\n"
            + "\n".join(f"  {folder / file}: {reason}" for file, reason in missing.items())
            + f"\nTo supply them by hand, put them at the paths above (original: {self.origin}), or name a folder that "
            f"has them as {self.name}/FILE: LTGNN_MIRROR=FOLDER. The sources and their order: data.files.sources."
        )

    def _take_over(self, folder: Path, missing: dict[str, str]) -> None:
        """Files that a killed process had completed, where a digest vouches for them; the rest of it is removed.

        Holds the lock of the folder, so that no other process works there.
        """
        for left in sorted(folder.glob(".incoming-*")):
            known = {file: why for file, why in missing.items() if self.sha256[file]}
            absent = dict(known)
            self._accept(left, folder, absent)
            for file in known.keys() - absent.keys():
                del missing[file]
            shutil.rmtree(left, ignore_errors=True)

    def _accept(self, into: Path, folder: Path, missing: dict[str, str]) -> str:
        """Moves verified files into the folder and removes them from ``missing``; reports rejected ones."""
        refused = []
        for file in list(missing):
            new = into / file
            if not new.is_file():
                continue
            expected, digest = self.sha256[file], digest_of(new)
            if expected is not None and digest != expected:
                refused.append(f"{file} has sha256 {digest}, wanted {expected}")
                continue
            if expected is None:
                log.warning("%s: no sha256 is published for %s; the one obtained, %s, is kept", self.name, file, digest)
            check_inside(folder, file).mkdir(parents=True, exist_ok=True)
            os.replace(new, folder / file)
            remember(folder, folder / file, digest)
            del missing[file]
        return "; ".join(refused)


def fetch_unpublished(data: Mapping[str, Any]) -> None:
    """Fetch the files of a data set, given its resolved yaml, if one of them is absent without a published sha256.

    What such a file holds is known only when it is there, and belongs to the key of a run.
    """
    files = data.get("files") or {}
    folder, published = Path(str(files.get("folder", ""))).expanduser(), files.get("sha256") or {}
    if any(digest is None and not (folder / name).is_file() for name, digest in published.items()):
        instantiate(files, _convert_="all")()


OURS = re.compile(r"\.(lock|verified\.json.*|incoming-.*|.*\.part|.*\.part\.etag|DS_Store)")
"""Files besides those of a data set that may be in its folder."""


def refuse_foreign(folder: Path, files: Iterable[str], missing: Mapping[str, str]) -> None:
    """``UserError`` where files would be put among those of others, or over one that was not fetched."""
    marker = read_marker(folder)
    if theirs := [file for file in missing if (folder / file).exists() and file not in marker]:
        raise UserError(
            f"{folder / theirs[0]}: {missing[theirs[0]]}. ltgnn did not put it there and leaves it as it is: move it "
            "away, or set another data.files.folder."
        )
    if marker or not folder.is_dir():
        return
    expected = {file.partition("/")[0] for file in files}
    if others := sorted(p.name for p in folder.iterdir() if p.name not in expected and not OURS.fullmatch(p.name)):
        raise UserError(
            f"data.files.folder={folder} is not a folder of a data set: it holds {', '.join(others[:3])}"
            f"{' ...' if len(others) > 3 else ''}. Nothing was fetched; set data.files.folder to a new or empty folder."
        )


def check_inside(folder: Path, file: str) -> Path:
    """The folder of ``file``; ``UserError`` where a link leads out of ``folder``."""
    found = (folder / file).parent
    if not found.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{found} is a link that leads out of {folder}: remove it.")
    return found


def copy(source: Path, target: Path) -> None:
    """Copies the contents of a file (not its permissions: mirrors are often read-only)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW  # a link there must not empty what it leads to
    with open(os.open(folder / ".lock", flags, 0o644), "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield

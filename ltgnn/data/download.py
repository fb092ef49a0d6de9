"""Sources of public files: a mirror folder, single URLs, a zip archive, a wheel of the package registry."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltgnn.data.fetch import Unavailable, copy
from ltgnn.data.verified import digest_of
from ltgnn.types import UserError

TIMEOUT = 20.0  # seconds without an answer before a host counts as unreachable
BLOCK = 1 << 18
REQUIREMENT = re.compile(
    r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?==\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?", re.ASCII
)
"""A package by name and version only (PEP 508, PEP 440)."""

Unpack = Callable[[zipfile.ZipFile, Sequence[str], Path], None]
"""``(archive, wanted files, folder)``: writes those of the wanted files that the archive has."""


@dataclass(frozen=True)
class Limits:
    """When a download is given up."""

    largest: int = 1 << 36  # bytes; no file of the catalogue comes near it
    slowest: float = 1000  # bytes per second, over ``window`` seconds
    window: float = 60.0


LIMITS = Limits()


@dataclass(frozen=True)
class Mirror:
    """A folder with one subfolder per data set, named by an environment variable (``LTGNN_MIRROR``)."""

    variable: str

    def __call__(self, name: str, wanted: Sequence[str], into: Path, parts: Path) -> None:
        mirror = os.environ.get(self.variable)
        if not mirror:
            raise Unavailable(f"the environment variable {self.variable} is not set")
        folder = Path(mirror).expanduser() / name
        present = [file for file in wanted if (folder / file).is_file()]
        if not present:
            raise Unavailable(f"{folder} has none of {', '.join(wanted)}")
        for file in present:
            copy(folder / file, into / file)


@dataclass(frozen=True)
class Urls:
    """One URL per file."""

    urls: Mapping[str, str]

    def __call__(self, name: str, wanted: Sequence[str], into: Path, parts: Path) -> None:
        offered = [file for file in wanted if file in self.urls]
        if not offered:
            raise Unavailable(f"no URL for {', '.join(wanted)}")
        for file in offered:
            download(self.urls[file], parts / f".{file.replace('/', '-')}.part", into / file)


@dataclass(frozen=True)
class Archive:
    """A zip archive behind a URL, verified before it is opened."""

    url: str
    digest: str | None  # "sha256:..." or "md5:..." where only that is published; None: the archive is not checked
    unpack: Unpack

    def __call__(self, name: str, wanted: Sequence[str], into: Path, parts: Path) -> None:
        archive, part = into / ".archive", parts / f".{Path(self.url).name}.part"
        download(self.url, part, archive)
        if self.digest is not None:
            algorithm, wanted_digest = self.digest.split(":")
            found = digest_of(archive, algorithm)
            if found != wanted_digest:
                raise Unavailable(f"{self.url} has {algorithm} {found}, wanted {wanted_digest}")
        try:
            with zipfile.ZipFile(archive) as opened:
                self.unpack(opened, wanted, into)
        except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, EOFError, zlib.error) as error:
            raise Unavailable(f"{self.url}: {error}") from error


@dataclass(frozen=True)
class Wheel:
    """Files inside a wheel of the package registry, taken with ``pip download``; nothing is installed."""

    requirement: str  # "recbole==1.2.1"; a folder or an address would be built, which runs its code
    unpack: Unpack

    def __call__(self, name: str, wanted: Sequence[str], into: Path, parts: Path) -> None:
        if not REQUIREMENT.fullmatch(self.requirement):
            raise UserError(
                f"data.files.sources: the requirement '{self.requirement[:80]}' of a Wheel; wanted NAME==VERSION, such "
                "as recbole==1.2.1."
            )
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
            command += ["--disable-pip-version-check", "--dest", folder, self.requirement]
            result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
            wheels = sorted(Path(folder).glob("*.whl"))
            if result.returncode or not wheels:
                reason = (result.stderr.strip() or result.stdout.strip() or "no wheel").splitlines()[-1]
                raise Unavailable(f"pip download {self.requirement}: {reason}")
            with zipfile.ZipFile(wheels[0]) as opened:
                try:
                    self.unpack(opened, wanted, into)
                except KeyError as error:
                    raise Unavailable(f"{self.requirement}: {error}") from error


@dataclass(frozen=True)
class Members:
    """Copies members of an archive as they are: file -> name of the member."""

    members: Mapping[str, str]

    def __call__(self, archive: zipfile.ZipFile, wanted: Sequence[str], into: Path) -> None:
        for file in wanted:
            if file in self.members:
                (into / file).parent.mkdir(parents=True, exist_ok=True)
                (into / file).write_bytes(archive.read(self.members[file]))


def download(url: str, part: Path, target: Path, limits: Limits = LIMITS) -> None:
    """Downloads ``url`` to ``target`` with a progress bar.

    A cut download stays in ``part`` and the next call resumes it (HTTP range), starting over where the
    server does not offer that or the file behind the URL has changed. Raises ``Unavailable`` with the reason.
    """
    if not url.startswith(("https://", "http://", "file://")):
        raise Unavailable(f"{url[:200]} is not an address that begins with https://, http:// or file://")
    stamp = part.with_name(part.name + ".etag")  # a changed remote file must not be glued to the old beginning
    for link in (part, stamp):
        if link.is_symlink():  # what it leads to must not be written
            link.unlink()
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "ltgnn"})
    if start:
        request.add_header("Range", f"bytes={start}-")
        if stamp.exists():
            request.add_header("If-Range", stamp.read_text())
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            resumed = answer.status == 206
            etag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
            if etag and not resumed:
                stamp.write_text(etag)
            left = answer.headers.get("Content-Length")
            total = int(left) + (start if resumed else 0) if left is not None else None
            if total is not None and total > min(limits.largest, start + shutil.disk_usage(part.parent).free):
                raise Unavailable(f"{url} has {total:,} bytes, for which there is no room in {part.parent}")
            with open(part, "ab" if resumed else "wb") as stream:
                _copy_with_bar(answer, stream, Path(url).name, start if resumed else 0, total, limits)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # 416: nothing is left to send, or the part is longer than the file
            raise Unavailable(f"{url} answers {error.code} {error.reason}") from error
        total = _length(error.headers.get("Content-Range", ""))
        if total != start:
            part.unlink()
            return download(url, part, target, limits)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise Unavailable(f"{url} is out of reach or broke off: {reason} (a partial download is kept)") from error
    if total is not None and part.stat().st_size != total:
        raise Unavailable(f"{url} broke off at byte {part.stat().st_size} of {total} (the next call resumes)")
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(part, target)
    stamp.unlink(missing_ok=True)
    return None


def _length(content_range: str) -> int | None:
    tail = content_range.rpartition("/")[2]
    return int(tail) if tail.isdigit() else None


def _copy_with_bar(
    answer: http.client.HTTPResponse, stream: object, label: str, start: int, total: int | None, limits: Limits
) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=total, completed=start)
        size, seen, since = start, start, time.monotonic()
        while block := answer.read1(BLOCK):
            stream.write(block)  # type: ignore[attr-defined]
            progress.advance(task, len(block))
            size += len(block)
            if size > limits.largest:
                raise OSError(f"more than {limits.largest:,} bytes")
            if (passed := time.monotonic() - since) > limits.window:
                if size - seen < limits.slowest * passed:
                    rate = f"{(size - seen) / passed:.0f} bytes a second"
                    raise OSError(f"{rate}, at least {limits.slowest:.0f} wanted")
                seen, since = size, time.monotonic()

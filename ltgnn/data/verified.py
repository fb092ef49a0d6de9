"""Digests of the files of a data set, kept beside them so that a file that did not change is hashed once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ltgnn.config.paths import write_whole
from ltgnn.io.atomic_write import Unwritable

MARKER = ".verified.json"  # file -> size, mtime, sha256 as last seen; spares the hashing of large files at each start


def digest_of(file: Path, algorithm: str = "sha256") -> str:
    """The digest of a file, read in blocks."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def check(path: Path, expected: str | None, marker: Mapping[str, Mapping[str, object]]) -> str | None:
    """What is wrong with a file, in words; None: it has the digest ``expected``, or any where that is None."""
    if not path.is_file():
        return "absent"
    file = next((name for name in marker if path.as_posix().endswith("/" + name)), path.name)
    state = path.stat()
    seen = marker.get(file, {})
    if seen == {"size": state.st_size, "mtime": state.st_mtime_ns, "sha256": expected}:
        return None
    digest = digest_of(path)
    if expected is not None and digest != expected:
        return f"present, but its sha256 is {digest}, wanted {expected}"
    remember(path.parents[file.count("/")], path, digest)
    return None


def seen_digest(marker: Mapping[str, Mapping[str, object]], file: str) -> str | None:
    """The digest that a file had when it was last seen; None: it was not."""
    seen = marker.get(file, {}).get("sha256")
    return seen if isinstance(seen, str) else None


def read_marker(folder: Path) -> dict[str, dict[str, object]]:
    """File -> size, mtime and digest as last seen; empty where nothing was, or the marker is damaged."""
    try:
        marker: dict[str, dict[str, object]] = json.loads((folder / MARKER).read_text())
        return marker
    except (OSError, ValueError, RecursionError):
        return {}


def remember(folder: Path, path: Path, digest: str) -> None:
    """Note the digest of a file, with the size and time by which it need not be hashed again."""
    state = path.stat()
    marker = read_marker(folder)
    marker[path.relative_to(folder).as_posix()] = {
        "size": state.st_size,
        "mtime": state.st_mtime_ns,
        "sha256": digest,
    }
    with suppress(Unwritable):  # a read-only folder: files are hashed at each start
        write_whole(folder / MARKER, json.dumps(marker, indent=1))

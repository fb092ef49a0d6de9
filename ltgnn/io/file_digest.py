"""sha256 of a file."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from ltgnn.io.scoped_cache import keep

SETTLED = 2.0
"""Seconds since its last change from which a file's digest is kept: clocks of file systems are coarse."""


def file_digest(file: Path, settled: float = SETTLED) -> str:
    """sha256 of the bytes of a file, read once per scope (``cache_scope``) and state of the file; ``OSError``.

    ``settled``: seconds since its last change from which the digest is kept.
    """
    state = file.stat()
    if time.time() - max(state.st_mtime, state.st_ctime) < settled:
        return _hash(file)
    at = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    return keep((file_digest, file.resolve(), at), lambda: _hash(file))


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()

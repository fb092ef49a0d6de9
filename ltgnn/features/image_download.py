"""Images from addresses on the web, each fetched once and kept on the disk."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from annotated_types import Ge, Gt

from ltgnn.features.pictures import LARGE_FILE, LARGEST_FILE, Unread
from ltgnn.features.progress import progress
from ltgnn.io.atomic_write import replace_atomically

log = logging.getLogger(__name__)

IMAGE, FAILED = ".image", ".failed"
"""How the names of its files end."""

GONE = (404, 410)
"""Answers after which an address is not asked again."""


class ImageDownload:
    """Fetches images, several at a time; one that fails is noted and stops nothing.

    ``workers``: requests at a time; ``timeout``: seconds that a server may be silent. An address is one file
    ``HASH.image``, or ``HASH.failed`` with the reason: after 404, 410 and a file that is too large it is not asked
    again, after other failures in the next run that fetches. Delete these files to ask again.
    """

    def __init__(self, workers: Annotated[int, Ge(1)], timeout: Annotated[float, Gt(0)]) -> None:
        self.workers, self.timeout = workers, timeout

    def __call__(self, addresses: Sequence[str], folder: Path) -> None:
        """Every address to a file in ``folder``."""
        if not addresses:
            return
        folder.mkdir(parents=True, exist_ok=True)
        failures = 0
        with (
            progress("fetching images", len(addresses), "images") as advance,
            ThreadPoolExecutor(self.workers) as pool,
        ):
            for kept in pool.map(lambda address: self.fetch(address, folder), addresses):
                failures += not kept
                advance(1)
        if failures:
            log.warning("%s of %s images could not be fetched", f"{failures:,}", f"{len(addresses):,}")

    def fetch(self, address: str, folder: Path) -> bool:
        """Whether the image is on the disk now."""
        image, failed = files_of(address, folder)
        content = self._get(address)
        with replace_atomically(failed if isinstance(content, Unread) else image, durable=False) as partial:
            if isinstance(content, Unread):
                partial.write_text(content.reason, encoding="utf-8")
            else:
                partial.write_bytes(content)
        if isinstance(content, Unread):
            return False
        failed.unlink(missing_ok=True)
        return True

    def _get(self, address: str) -> bytes | Unread:
        try:
            request = Request(address, headers={"User-Agent": "ltgnn"})
            with urlopen(request, timeout=self.timeout) as answer:
                content: bytes = answer.read(LARGEST_FILE + 1)
        except HTTPError as error:
            return Unread(answered(error.code))
        except Exception:  # no such host, a broken connection, an address that is none
            return Unread("server not reached")
        return LARGE_FILE if len(content) > LARGEST_FILE else content


def is_settled(address: str, folder: Path) -> bool:
    """Whether the image is on the disk, or known never to come."""
    image, failed = files_of(address, folder)
    final = [*map(answered, GONE), LARGE_FILE.reason]
    return image.is_file() or (failed.is_file() and failed.read_text(encoding="utf-8") in final)


def read_kept(address: str, folder: Path) -> bytes | Unread:
    """What was fetched earlier, or why it was not."""
    image, failed = files_of(address, folder)
    if image.is_file():
        return image.read_bytes()
    return Unread(failed.read_text(encoding="utf-8") if failed.is_file() else "address not fetched")


def files_of(address: str, folder: Path) -> tuple[Path, Path]:
    """Where the image of an address is kept, and where its failure."""
    name = hashlib.sha256(address.encode()).hexdigest()
    return folder / f"{name}{IMAGE}", folder / f"{name}{FAILED}"


def answered(code: int) -> str:
    return f"server answered {code}"

"""Atomic writing of files and folders, also in a power cut; nothing is left of a killed write."""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ltgnn.types import UserError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO})
"""Errors that only writing can have."""

REFUSED = FULL | {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}
REFUSED |= {errno.EEXIST, errno.ENOTEMPTY}

MARK = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)\.(?P<born>\d+)\.\d+@(?P<host>.+)")
"""Name of the folder that something is written in before it takes its place: who writes it, and where."""

_numbers = itertools.count()


class Unwritable(UserError):
    """A file or folder that cannot be written: no space, read-only, no permission, or its folder is gone."""


@contextmanager
def replace_atomically(path: Path, option: str = "", parents: bool = True, durable: bool = True) -> Iterator[Path]:
    """A place to write a file or folder that takes the place of ``path`` at the end, or never.

    It has the suffix of ``path`` and is on the same file system. What is written is on the disk before it is renamed,
    so that after a power cut ``path`` is the old or the new one; ``durable=False`` leaves that to the system.

    Args:
        path: what to write. A folder must be absent or empty.
        option: the option that named it, for the message: ``--out``, ``out=``.
        parents: make the folders above it.

    Raises:
        Unwritable: no space, no permission or no such folder; ``path`` is as it was.
    """
    mark = f"{os.getpid()}.{start_time(os.getpid()) or 0}.{next(_numbers)}@{socket.gethostname()}"
    inside = path.with_name(f".{path.name}.{mark}")
    temporary = inside / f"new{path.suffix}"
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        clear(path.parent, path.name)
        inside.mkdir()
        yield temporary
        if durable:
            _sync(temporary, inside.stat().st_mode)
        if temporary.is_dir() and path.is_dir():
            path.rmdir()  # empty, or this fails
        temporary.replace(path)
        if durable:
            _flush(path.parent)
    except Exception as error:
        if (reason := refusal(error, inside, path)) is None or isinstance(error, UserError):
            raise
        raise Unwritable(f"{path} cannot be written: {reason}. {_advice(option)}") from error
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def make_folder(path: Path, option: str = "") -> None:
    """The folder and those above it; ``Unwritable`` where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"{path} cannot be made: {os.strerror(error.errno or 0)}. {_advice(option)}") from error


def refusal(error: BaseException, *places: Path) -> str | None:
    """The system's reason why writing failed; None: the error is another one.

    Errors of writing are found anywhere in the chain of causes; the rest, such as "no such file",
    counts only where the error names one of ``places``, or a folder above them.
    """
    cause: BaseException | None = error
    while cause is not None:
        number = cause.errno if isinstance(cause, OSError) else None
        if number is None and (found := re.search(r"\(os error (\d+)\)", str(cause))):  # of polars and safetensors
            number = int(found.group(1))
        text = str(getattr(cause, "filename", None) or cause)
        ours = any(str(place) in text or text in map(str, place.parents) for place in places)
        if number in FULL or (number in REFUSED and ours):
            return os.strerror(number)
        cause = cause.__cause__ or cause.__context__
    return None


def _advice(option: str) -> str:
    return f"Nothing was changed. Free space there, or name another place{f' with {option}' if option else ''}."


def clear(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes of this machine were writing in ``folder``: of ``name``, or of everything."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if entry.name.startswith(f".{name or ''}") and "@" in entry.name]
    except OSError:
        return
    for entry in found:
        mark = MARK.fullmatch(entry)
        if mark is None or (name is not None and mark["name"] != name) or mark["host"] != socket.gethostname():
            continue
        if (start_time(int(mark["pid"])) or "0") != mark["born"]:
            shutil.rmtree(folder / entry, ignore_errors=True)


def start_time(pid: int) -> str | None:
    """Start of a process in clock ticks since boot (Linux); None where it is not known, "dead" of a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return "dead" if fields[0] in "ZX" else fields[19]


def _sync(path: Path, mode: int) -> None:
    """Everything at and below ``path`` to the disk; files are as readable as the folder of ``mode``."""
    if path.is_dir():
        for inner in path.iterdir():
            _sync(inner, mode)
    else:
        path.chmod(mode & 0o666)  # some libraries write for their owner only
    _flush(path)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that keeps no folders this way
            raise
    finally:
        os.close(handle)

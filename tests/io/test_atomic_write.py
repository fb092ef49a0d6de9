"""Files appear whole or not at all, are on the disk before they are renamed, and nothing is left of a killed write."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from ltgnn.config.paths import write_whole
from ltgnn.io import atomic_write
from ltgnn.io.atomic_write import Unwritable, clear, make_folder, replace_atomically, start_time

HOST = socket.gethostname()


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_and_a_folder(tmp_path: Path) -> None:
    write_whole(tmp_path / "a/b.txt", "one")
    write_whole(tmp_path / "a/b.txt", "two")
    assert (tmp_path / "a/b.txt").read_text() == "two"
    with replace_atomically(tmp_path / "f") as temporary:
        temporary.mkdir()
        (temporary / "x").write_text("x")
        assert not (tmp_path / "f").exists()
    assert inside(tmp_path) == ["a", "f"]
    assert inside(tmp_path / "a") == ["b.txt"]
    assert inside(tmp_path / "f") == ["x"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    write_whole(tmp_path / "a.txt", "old")

    def broken() -> None:
        with replace_atomically(tmp_path / "a.txt") as temporary:
            temporary.write_text("ne")
            raise error

    with pytest.raises(type(error)):
        broken()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert inside(tmp_path) == ["a.txt"]


def test_it_is_on_the_disk_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a power cut would find it: the file, then its name."""
    calls = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(
        os, "fsync", lambda handle: (calls.append(os.readlink(f"/proc/self/fd/{handle}")), fsync(handle))[1]
    )
    monkeypatch.setattr(Path, "replace", lambda self, to: (calls.append("rename"), replace(self, to))[1])
    write_whole(tmp_path / "a.json", "{}")
    assert [Path(call).name for call in calls] == ["new.json", "rename", tmp_path.name]
    with replace_atomically(tmp_path / "folder") as temporary:
        calls.clear()
        temporary.mkdir()
        (temporary / "x").touch()
        (temporary / "y").touch()
    assert {Path(call).name for call in calls[: calls.index("rename")]} == {"x", "y", "new"}
    calls.clear()
    write_whole(tmp_path / "a.json", "{}", durable=False)
    assert calls == ["rename"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_one_message_names_the_path_and_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write_whole(tmp_path / "a.txt", "old")

    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unwritable) as caught:
        write_whole(tmp_path / "a.txt", "new", "--out")
    assert str(tmp_path / "a.txt") in str(caught.value)
    assert os.strerror(number) in str(caught.value)
    assert "--out" in str(caught.value)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert inside(tmp_path) == ["a.txt"]


def test_what_libraries_say_of_a_full_disk_is_understood(tmp_path: Path) -> None:
    from safetensors import SafetensorError

    full = "No space left on device (os error 28)"

    def write(error: Exception) -> None:
        with replace_atomically(tmp_path / "x"):
            raise error

    for error in (
        pl.exceptions.ComputeError(f"parquet: File out of specification: underlying IO error: {full}"),
        OSError(full),
        SafetensorError(f"Error while serializing: I/O error: {full}"),
    ):
        with pytest.raises(Unwritable, match=r"x cannot be written: No space left"):
            write(error)


def test_an_error_of_what_is_read_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="input"), replace_atomically(tmp_path / "out.csv"):
        (tmp_path / "input.csv").read_text()


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable, match=r"file/a.txt cannot be written"):
        write_whole(tmp_path / "file/a.txt", "x")
    with pytest.raises(Unwritable, match="cannot be made"):
        make_folder(tmp_path / "file/folder")
    with pytest.raises(Unwritable, match="No such file"):
        write_whole(tmp_path / "gone/a.txt", "x", parents=False)
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unwritable, match="Is a directory"):
        write_whole(tmp_path / "folder", "x")


def test_what_a_killed_process_was_writing_goes_with_the_next_write(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib\nfrom ltgnn.io.atomic_write import replace_atomically\n"
        f"with replace_atomically(pathlib.Path({str(tmp_path / 'o')!r})) as t:\n"
        "    t.mkdir(); (t / 'x').write_text('x'); print(os.getpid(), flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline().strip() == str(child.pid)
    clear(tmp_path, "o")
    assert len(inside(tmp_path)) == 1  # it lives
    child.send_signal(signal.SIGKILL)
    child.wait()
    write_whole(tmp_path / "o.txt", "another name")
    assert len(inside(tmp_path)) == 2
    write_whole(tmp_path / "o", "the same")
    assert inside(tmp_path) == ["o", "o.txt"]


def test_only_the_dead_of_this_machine(tmp_path: Path) -> None:
    me, mine = os.getpid(), start_time(os.getpid())
    stays = [f".a.{me}.{mine}.0@{HOST}", f".a.999999999.1.0@elsewhere{HOST}", ".a.123", ".a@b", "a"]
    goes = [f".a.999999999.1.0@{HOST}", f".a.{me}.1.0@{HOST}"]  # dead; a number that was used again
    for name in [*stays, *goes]:
        (tmp_path / name).mkdir()
    clear(tmp_path)
    assert inside(tmp_path) == sorted(stays)


def test_files_are_for_all_whom_the_folder_is_for(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with replace_atomically(tmp_path / "a") as temporary:
            temporary.touch(mode=0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_threads_write_one_file_at_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: write_whole(tmp_path / "a", str(n)), range(50)))
    assert inside(tmp_path) == ["a"]
    assert atomic_write.MARK.fullmatch(f".a.json.1.2.3@{HOST}")

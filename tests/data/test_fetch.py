"""Files: verified, obtained once, never half; sources in the stated order."""

import hashlib
import multiprocessing
import os
from pathlib import Path

import pytest

from ltgnn.data.download import Mirror
from ltgnn.data.fetch import Folder, Unavailable
from ltgnn.types import UserError
from tests.data.fetch_case import CONTENT, DIGESTS, Shelf, files


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_sources_in_order_until_all_files_are_there(tmp_path):
    none, half, rest, never = Shelf({}, "asleep"), Shelf({"a.txt": CONTENT["a.txt"]}), Shelf(CONTENT), Shelf(CONTENT)
    folder = files(tmp_path / "data", none, half, rest, never)()
    assert {name: (folder / name).read_bytes() for name in names(folder)} == CONTENT
    assert none.asked == half.asked == [("a.txt", "b.txt")]
    assert rest.asked == [("b.txt",)]
    assert never.asked == []


def test_files_put_by_hand_are_verified_and_taken(tmp_path):
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    source = Shelf(CONTENT)
    files(tmp_path, source)()
    assert source.asked == []


def test_changed_file_is_noticed_and_replaced(tmp_path):
    files(tmp_path, Shelf(CONTENT))()
    (tmp_path / "a.txt").write_bytes(b"tampered")
    files(tmp_path, Shelf(CONTENT))()
    assert (tmp_path / "a.txt").read_bytes() == CONTENT["a.txt"]


def test_wrong_content_is_refused_and_the_next_source_tried(tmp_path):
    folder = files(tmp_path, Shelf({"a.txt": b"wrong", "b.txt": CONTENT["b.txt"]}), Shelf(CONTENT))()
    assert (folder / "a.txt").read_bytes() == CONTENT["a.txt"]


def test_failure_names_sources_reasons_paths_and_leaves_nothing(tmp_path):
    with pytest.raises(UserError) as failure:
        files(tmp_path, Shelf({}, "the host is asleep"), Shelf({"a.txt": b"wrong"}))()
    message = str(failure.value)
    for part in ("letters", "Shelf: the host is asleep", hashlib.sha256(b"wrong").hexdigest(), DIGESTS["a.txt"]):
        assert part in message
    for part in (str(tmp_path / "a.txt"), "https://example.org/letters", "LTGNN_MIRROR", "data.files.sources"):
        assert part in message
    assert names(tmp_path) == []
    assert not list(tmp_path.glob(".incoming*"))


def test_wrong_file_by_hand_is_named_and_kept(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"mine")
    with pytest.raises(UserError, match="present, but its sha256 is"):
        files(tmp_path, Shelf({}, "asleep"))()
    assert (tmp_path / "a.txt").read_bytes() == b"mine"


def test_unpublished_digest_is_kept_from_the_first_time(tmp_path, caplog):
    open_digest = {"a.txt": None}
    files(tmp_path, Shelf(CONTENT), digests=open_digest)()
    assert DIGESTS["a.txt"] in caplog.text
    (tmp_path / "a.txt").write_bytes(b"changed later")
    with pytest.raises(UserError, match="wanted " + DIGESTS["a.txt"]):
        files(tmp_path, Shelf({}, "asleep"), digests=open_digest)()


def test_subfolders(tmp_path):
    content = {"deep/a.txt": b"alpha\n"}

    def source(name, wanted, into, parts):
        (into / "deep").mkdir()
        (into / "deep/a.txt").write_bytes(content["deep/a.txt"])

    made = files(tmp_path, source, digests={"deep/a.txt": DIGESTS["a.txt"]})
    made()
    assert made.missing(tmp_path) == {}
    assert (tmp_path / "deep/a.txt").read_bytes() == b"alpha\n"


def _ask(folder, log):
    def source(name, wanted, into, parts):
        with open(log, "a") as stream:
            stream.write(f"{os.getpid()}\n")
        for file in wanted:
            (into / file).write_bytes(CONTENT[file])

    files(folder, source)()


def test_processes_at_once_fetch_once(tmp_path):
    context = multiprocessing.get_context("fork")
    jobs = [context.Process(target=_ask, args=(tmp_path / "data", tmp_path / "log")) for _ in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0] * 4
    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_mirror(tmp_path, monkeypatch):
    (tmp_path / "mirror/letters").mkdir(parents=True)
    for name, content in CONTENT.items():
        (tmp_path / "mirror/letters" / name).write_bytes(content)
        (tmp_path / "mirror/letters" / name).chmod(0o444)
    monkeypatch.setenv("SOME_MIRROR", str(tmp_path / "mirror"))
    folder = files(tmp_path / "data", Mirror("SOME_MIRROR"))()
    assert names(folder) == ["a.txt", "b.txt"]


@pytest.mark.parametrize(("value", "reason"), [(None, "is not set"), ("/nowhere", "has none of a.txt")])
def test_mirror_without_the_files(tmp_path, monkeypatch, value, reason):
    monkeypatch.delenv("SOME_MIRROR", raising=False)
    if value:
        monkeypatch.setenv("SOME_MIRROR", value)
    with pytest.raises(Unavailable, match=reason):
        Mirror("SOME_MIRROR")("letters", ["a.txt"], tmp_path, tmp_path)


def test_own_folder(tmp_path):
    assert Folder(str(tmp_path))() == tmp_path
    with pytest.raises(UserError, match=r"data\.files\.path"):
        Folder(str(tmp_path / "nowhere"))()
    assert Folder("~")() == Path.home()


class Breaks:
    """A source that completes the first file and then breaks off."""

    def __init__(self, failure):
        self.failure = failure

    def __call__(self, name, wanted, into, parts):
        (into / wanted[0]).write_bytes(CONTENT[wanted[0]])
        raise self.failure


@pytest.mark.parametrize("failure", [Unavailable("broke off"), KeyboardInterrupt(), OSError(28, "No space left", "x")])
def test_what_was_completed_before_a_source_broke_off_is_kept(tmp_path, failure):
    kind = UserError if isinstance(failure, Unavailable) else type(failure)
    with pytest.raises(kind):
        files(tmp_path, Breaks(failure))()
    assert names(tmp_path) == ["a.txt"]
    assert not list(tmp_path.glob(".incoming-*"))
    rest = Shelf(CONTENT)
    files(tmp_path, rest)()
    assert rest.asked == [("b.txt",)]


def test_what_a_killed_process_had_completed_is_taken_over(tmp_path):
    left = tmp_path / ".incoming-killed"
    left.mkdir()
    (left / "a.txt").write_bytes(CONTENT["a.txt"])
    (left / "b.txt").write_bytes(b"be")
    source = Shelf(CONTENT)
    files(tmp_path, source)()
    assert source.asked == [("b.txt",)]
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == CONTENT
    assert not left.exists()


def test_a_killed_process_vouches_for_nothing(tmp_path):
    """Of a file without a published digest nobody knows whether it was complete."""
    left = tmp_path / ".incoming-killed"
    left.mkdir()
    (left / "a.txt").write_bytes(b"al")
    files(tmp_path, Shelf(CONTENT), digests=dict.fromkeys(CONTENT))()
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == CONTENT

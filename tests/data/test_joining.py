"""Tables joined from published files: by hand, bad input, and the real ones back to the byte through a local server."""

from __future__ import annotations

import gzip
import hashlib
import html
import http.server
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from ltgnn.data.fetch import Files, Unavailable
from ltgnn.data.joining import Joined, json_map, tab_map
from ltgnn.types import UserError
from tests.data.readers import CONF

MIRROR = Path(os.environ.get("LTGNN_MIRROR") or "/nowhere")

TABLE = "item\tasin\ttitle\tcategories\n"

Published = list[dict[str, Any]]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL at which its files are served."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def pack(folder: Path, products: Sequence[dict[str, Any]], write: Callable[[Any], str] = json.dumps) -> None:
    (folder / "meta.json.gz").write_bytes(gzip.compress("".join(write(p) + "\n" for p in products).encode()))


def joined(url: str, **keys: Any) -> Joined:
    given = {"read_asins": tab_map, "categories": False, **keys}
    return Joined("items.tsv", f"{url}/item2id", metadata=f"{url}/meta.json.gz", **given)


PRODUCTS: Published = [
    {"asin": "B1", "title": "Lamp &amp;  12&quot;\n blue", "categories": [["Home &amp; Garden", "Lamps"], ["Gifts"]]},
    {"asin": "B9", "title": "not asked for"},
    {"asin": "B0", "categories": []},
    {"asin": "B1", "title": ""},
]


@pytest.mark.parametrize("write", [json.dumps, repr])
def test_by_hand(tmp_path: Path, site: tuple[Path, str], write: Callable[[Any], str]) -> None:
    folder, url = site
    (folder / "item2id").write_text("B1\t7\nB0\t2\n")
    pack(folder, PRODUCTS, write)
    joined(url, categories=True)("toy", ["items.tsv"], tmp_path, tmp_path)
    wanted = TABLE + '2\tB0\t\t\n7\tB1\tLamp & 12" blue\tHome & Garden > Lamps | Gifts\n'
    assert (tmp_path / "items.tsv").read_text() == wanted
    joined(url, swapped=[[2, 7]])("toy", ["items.tsv"], tmp_path, tmp_path)
    assert (tmp_path / "items.tsv").read_text() == TABLE + '2\tB0\tLamp & 12" blue\t\n7\tB1\t\t\n'
    with pytest.raises(Unavailable, match=r"makes items\.tsv only"):
        joined(url)("toy", ["interactions.tsv"], tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda f: (f / "item2id").write_text("B1 7\n"), "item2id has another form than expected"),
        (lambda f: (f / "item2id").write_text("B1\t7\nB5\t8\n"), r"meta\.json\.gz lacks 1 of 2 products, e\.g\. B5"),
        (lambda f: (f / "item2id").unlink(), "item2id answers 404"),
        (lambda f: (f / "meta.json.gz").write_bytes((f / "meta.json.gz").read_bytes()[:-12]), "is damaged"),
        (lambda f: (f / "meta.json.gz").write_bytes(b"<html>"), "is damaged"),
        (lambda f: pack(f, ["'asin': 'B1' " * 2], str), "is damaged or has another form"),
        (lambda f: pack(f, ["[{'asin': 'B1'}]"], str), "wanted an object a line"),
        (lambda f: pack(f, ["{'asin': 'B1', 'title': open('/tmp/x', 'w')}"], str), "is damaged or has another form"),
    ],
)
def test_bad_input_says_which_file_and_writes_nothing(
    damage: Callable[[Path], Any], expected: str, tmp_path: Path, site: tuple[Path, str]
) -> None:
    folder, url = site
    (folder / "item2id").write_text("B1\t7\n")
    pack(folder, PRODUCTS)
    damage(folder)
    with pytest.raises(Unavailable, match=expected):
        joined(url)("toy", ["items.tsv"], tmp_path, tmp_path)
    assert not (tmp_path / "items.tsv").exists()


def test_another_sha256_is_refused_and_nothing_left(tmp_path: Path, site: tuple[Path, str]) -> None:
    folder, url = site
    (folder / "item2id").write_text("B1\t7\n")
    pack(folder, PRODUCTS)
    files = Files("toy", str(tmp_path / "toy"), {"items.tsv": "0" * 64}, [joined(url)], "example.org")
    with pytest.raises(UserError) as caught:
        files()
    made = hashlib.sha256((TABLE + '7\tB1\tLamp & 12" blue\t\n').encode()).hexdigest()
    for part in (made, "0" * 64, "Joined", "example.org", "LTGNN_MIRROR=FOLDER"):
        assert part in str(caught.value)
    assert {path.name for path in (tmp_path / "toy").iterdir()} <= {".lock"}


def test_maps() -> None:
    assert json_map('{"id2user": {"1": "A"}, "id2item": {"3": "B1"}}') == {3: "B1"}
    assert tab_map("B1\t7\nB0\t2\n") == {7: "B1", 2: "B0"}


def histories(file: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in file.read_text().splitlines()[1:]:
        user, item, _ = row.split()
        found.setdefault(user, []).append(int(item))
    return found


def publish(name: str, folder: Path) -> None:
    """The verified files of the mirror in the forms in which others publish them."""
    rows = [line.split("\t") for line in (MIRROR / name / "items.tsv").read_text("utf-8").split("\n")[1:-1]]
    asins, titles = {row[0]: row[1] for row in rows}, {row[1]: html.escape(row[2]) for row in rows}
    paths = {
        row[1]: [[html.escape(level) for level in path.split(" > ")] for path in row[3].split(" | ")] for row in rows
    }
    users = histories(MIRROR / name / "interactions.tsv")
    if name == "amazon-beauty":
        (folder / "Beauty.txt").write_text("".join(f"{u} {' '.join(map(str, i))}\n" for u, i in users.items()))
        (folder / "datamaps.json").write_text(json.dumps({"id2user": {}, "id2item": asins}, indent=4))
        products: Published = [
            {"asin": asin, **({"title": title} if title else {}), "categories": paths[asin]}
            for asin, title in titles.items()
        ]
    else:
        for one, two in (("1452", "1453"), ("15746", "15747")):  # what UCSD calls them
            titles[asins[one]], titles[asins[two]] = titles[asins[two]], titles[asins[one]]
        (folder / "Games.inter.json").write_text(json.dumps(users))
        (folder / "Games.item2id").write_text("".join(f"{asin}\t{item}\n" for item, asin in asins.items()))
        products = [{"category": ["x"], "asin": asin, "title": title} for asin, title in titles.items()]
    others = [{"asin": f"X{n}", "title": "another", "categories": [["Beauty"]]} for n in range(1000)]
    lines = map(repr if name == "amazon-beauty" else json.dumps, [*others, *reversed(products)])
    packed = gzip.compress("".join(f"{line}\n" for line in lines).encode(), 1)
    (folder / {"amazon-beauty": "meta_Beauty.json.gz"}.get(name, "meta_Video_Games.json.gz")).write_bytes(packed)


@pytest.mark.skipif(not MIRROR.is_dir(), reason="LTGNN_MIRROR names no folder")
@pytest.mark.parametrize("name", ["amazon-beauty", "amazon-games"])
def test_real_files_come_back_to_the_byte(
    name: str, tmp_path: Path, site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sources of the yaml, whose URLs lead here by their last part."""
    folder, url = site
    publish(name, folder)
    monkeypatch.delenv("LTGNN_MIRROR")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        files = compose(overrides=[f"+data={name.replace('-', '_')}", f"+paths.data_dir={tmp_path}"]).data.files
    for source in files.sources:
        for keys in (source, source.get("urls", {})):
            for key, value in keys.items():
                if str(value).startswith("https://"):
                    keys[key] = f"{url}/{value.rpartition('/')[2]}"
    got = instantiate(files, _convert_="all")()
    for file in ("interactions.tsv", "items.tsv"):
        assert (got / file).read_bytes() == (MIRROR / name / file).read_bytes()
    assert {path.name for path in got.iterdir()} == {"interactions.tsv", "items.tsv", ".lock", ".verified.json"}

"""Published forms rewritten into the verified ones: by hand, through a local server, and back from the real files."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest

from ltgnn.data.fetch import Files, Unavailable
from ltgnn.data.rewriting import GroupedPairs, JsonPositions, Positions, Rewrite, Rewritten, SortedItems, UnixLines
from tests.data.test_download import (
    Server,
    server,  # noqa: F401  (a fixture
)

MIRROR = Path(os.environ.get("LTGNN_MIRROR") or "/nowhere")


def test_by_hand() -> None:
    assert UnixLines()(b"0 1\r\n1 2\r\n") == b"0 1\n1 2\n"
    assert SortedItems()(b"2 30 4 \n0 7\n1\n") == b"0 7\n2 4 30\n"
    assert GroupedPairs(1)(b"3\t9\t55\n1\t2\t8\n3\t1\t1\n") == b"0 1\n2 0 8\n"
    assert Positions()(b"5 8 2\n6 1\n") == b"user\titem\tposition\n5\t8\t0\n5\t2\t1\n6\t1\t0\n"


def test_through_a_server_and_verified(tmp_path: Path, server: Server) -> None:  # noqa: F811
    wanted = b"0 7\n2 4 30\n"
    server.body = b"2 30 4 \r\n0 7\r\n"
    source = Rewritten({"train.txt": server.url}, SortedItems())
    digest = hashlib.sha256(wanted).hexdigest()
    folder = Files("toy", str(tmp_path / "toy"), {"train.txt": digest}, [source], "nowhere")()
    assert (folder / "train.txt").read_bytes() == wanted
    assert {path.name for path in folder.iterdir()} == {"train.txt", ".lock", ".verified.json"}
    server.body, server.etag = b"user,item\n", '"two"'
    with pytest.raises(Unavailable, match="another form"):
        source("toy", ["train.txt"], tmp_path, tmp_path)
    with pytest.raises(Unavailable, match=r"no URL for test\.txt"):
        source("toy", ["test.txt"], tmp_path, tmp_path)


def shuffled(text: bytes) -> bytes:
    """The items of each line in another order."""
    draw = random.Random(0)
    rows = [line.split() for line in text.splitlines()]
    return b"".join(b" ".join([row[0], *draw.sample(row[1:], len(row) - 1)]) + b" \n" for row in rows)


def as_triples(text: bytes) -> bytes:
    """A row a pair, ids from 1, a weight, in any order."""
    rows = [line.split() for line in text.splitlines()]
    pairs = [b"%d\t%d\t7" % (int(row[0]) + 1, int(item) + 1) for row in rows for item in row[1:]]
    random.Random(0).shuffle(pairs)
    return b"\n".join(pairs)


def as_histories(text: bytes) -> bytes:
    """A line a user."""
    histories: dict[bytes, list[bytes]] = {}
    for row in text.splitlines()[1:]:
        user, item, _ = row.split()
        histories.setdefault(user, [user]).append(item)
    return b"\n".join(b" ".join(row) for row in histories.values()) + b"\n"


@pytest.mark.skipif(not MIRROR.is_dir(), reason="LTGNN_MIRROR names no folder")
@pytest.mark.parametrize(
    ("file", "published", "rewrite"),
    [
        ("gowalla/train.txt", shuffled, SortedItems()),
        ("lastfm-lightgcn/train.txt", as_triples, GroupedPairs(1)),
        ("lastfm-lightgcn/test.txt", as_triples, GroupedPairs(1)),
        ("ml-1m-ultragcn/test.txt", lambda text: text.replace(b"\n", b"\r\n"), UnixLines()),
        ("amazon-beauty/interactions.tsv", as_histories, Positions()),
    ],
)
def test_real_files_come_back_to_the_byte(file: str, published: Rewrite, rewrite: Rewrite) -> None:
    text = (MIRROR / file).read_bytes()
    assert rewrite(published(text)) == text


def test_positions_from_json() -> None:
    text = b'{"10": [4, 2], "9": [7]}'
    assert JsonPositions()(text) == b"user\titem\tposition\n9\t7\t0\n10\t4\t0\n10\t2\t1\n"
    for bad in (b"[1]", b'{"1": 2}', b"{", b'{"a": [1]}'):
        with pytest.raises(ValueError):
            JsonPositions()(bad)

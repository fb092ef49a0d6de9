"""ml-100k.zip becomes RecBole's atomic files."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from ltgnn.data.atomic100k import GENRES, Atomic100k, title_and_year

MIRROR = Path(os.environ.get("LTGNN_MIRROR", "/nowhere")) / "ml-100k"


def flags(*genres):
    return "|".join(str(int(genre in genres)) for genre in GENRES)


def test_files(tmp_path):
    items = (
        f"1|Toy Story (1995)|01-Jan-1995||http://x|{flags('Animation', 'Comedy')}\n"
        f"267|unknown||||{flags('unknown')}\n"
        f"543|Misérables, Les (1995)|01-Jan-1995||http://x|{flags('Drama')}\n"
        f"1412|Land Before Time III: The Great Giving (1995) (V)|01-Jan-1995||http://x|{flags('Drama', 'Animation')}\n"
    )
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("ml-100k/u.data", "196\t242\t3\t881250949\n")
        archive.writestr("ml-100k/u.item", items.encode("latin-1"))
        archive.writestr("ml-100k/u.user", "1|24|M|technician|85711\n")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        Atomic100k()(archive, ["ml-100k.inter", "ml-100k.item", "ml-100k.user"], tmp_path)
    assert (tmp_path / "ml-100k.inter").read_text() == (
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n"
    )
    assert (tmp_path / "ml-100k.item").read_text(encoding="utf-8").splitlines() == [
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq",
        "1\tToy Story\t1995\tAnimation Comedy",
        "267\tunkonwn\tunkonwn\tunknown",
        "543\tMisérables, Les\t1995\tDrama",
        "1412\tLand Before Time III: The Great Giving (1995)\tV\tAnimation Drama",
    ]
    assert (tmp_path / "ml-100k.user").read_text().splitlines()[1] == "1\t24\tM\ttechnician\t85711"


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("Seven (Se7en) (1995)", ("Seven (Se7en)", "1995")),
        ("Good Morning (1971) ", ("Good Morning", "1971")),
        ("No year", ("unkonwn", "unkonwn")),
    ],
)
def test_title_and_year(title, parts):
    assert title_and_year(title) == parts


@pytest.mark.skipif(not MIRROR.is_dir(), reason="needs LTGNN_MIRROR")
def test_real_files_survive_the_way_back_and_forth(tmp_path):
    """From RecBole's file to GroupLens' form and back gives the same bytes."""
    rows = [line.split("\t") for line in (MIRROR / "ml-100k.item").read_text(encoding="utf-8").splitlines()[1:]]
    lines = [
        f"{number}|{'unknown' if year == 'unkonwn' else f'{title} ({year})'}||||{flags(*genres.split(' '))}\n"
        for number, title, year, genres in rows
    ]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("ml-100k/u.item", "".join(lines).encode("latin-1"))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        made = Atomic100k.item(archive)
    assert hashlib.sha256(made).hexdigest() == "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532"

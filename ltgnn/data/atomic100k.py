"""Turns the members of GroupLens' ml-100k.zip into RecBole's atomic files, byte for byte."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

# fmt: off
GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)
# fmt: on


class Atomic100k:
    """``u.data``, ``u.item``, ``u.user`` of ml-100k.zip -> ``ml-100k.inter``, ``.item``, ``.user``."""

    def __call__(self, archive: zipfile.ZipFile, wanted: Sequence[str], into: Path) -> None:
        made = {"ml-100k.inter": self.inter, "ml-100k.item": self.item, "ml-100k.user": self.user}
        for file in wanted:
            if file in made:
                (into / file).write_bytes(made[file](archive))

    @staticmethod
    def inter(archive: zipfile.ZipFile) -> bytes:
        return b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + archive.read("ml-100k/u.data")

    @staticmethod
    def item(archive: zipfile.ZipFile) -> bytes:
        lines = ["item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"]
        for line in archive.read("ml-100k/u.item").decode("latin-1").splitlines():
            number, title, *rest = line.split("|")
            name, year = title_and_year(title)
            genres = [genre for genre, flag in zip(GENRES, rest[-len(GENRES) :], strict=True) if flag == "1"]
            lines.append(f"{number}\t{name}\t{year}\t{' '.join(genres)}")
        return ("\n".join(lines) + "\n").encode()

    @staticmethod
    def user(archive: zipfile.ZipFile) -> bytes:
        lines = archive.read("ml-100k/u.user").decode("latin-1").splitlines()
        head = "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token"
        return ("\n".join([head, *(line.replace("|", "\t") for line in lines)]) + "\n").encode()


def title_and_year(title: str) -> tuple[str, str]:
    """Splits the last " (...)" off; titles without one are ``unkonwn`` (sic), as in RecBole's file."""
    found = re.fullmatch(r"(.*) \(([^()]*)\)\s*", title)
    return (found[1], found[2]) if found else ("unkonwn", "unkonwn")

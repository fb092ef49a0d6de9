"""Published files in another form than the one that the catalogue verifies, rewritten byte for byte into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge

from ltgnn.data.download import download
from ltgnn.data.fetch import Unavailable

Rewrite = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Rewritten:
    """One URL per file, and what makes the file of it; the sha256 of the result is checked like that of any other."""

    urls: Mapping[str, str]
    rewrite: Rewrite

    def __call__(self, name: str, wanted: Sequence[str], into: Path, parts: Path) -> None:
        offered = [file for file in wanted if file in self.urls]
        if not offered:
            raise Unavailable(f"no URL for {', '.join(wanted)}")
        for file in offered:
            original = into / f".{file}.original"
            download(self.urls[file], parts / f".{file}.original.part", original)
            try:
                (into / file).write_bytes(self.rewrite(original.read_bytes()))
            except (ValueError, RecursionError) as error:
                raise Unavailable(f"{self.urls[file]} has another form than expected: {error}") from error


class UnixLines:
    """Line ends CRLF -> LF."""

    def __call__(self, text: bytes) -> bytes:
        return text.replace(b"\r\n", b"\n")


class SortedItems:
    """Lines ``user item item ...`` by user, the items of a line in ascending order; users without one left out."""

    def __call__(self, text: bytes) -> bytes:
        rows = ([int(number) for number in line.split()] for line in text.splitlines())
        return lines((row[0], row[1:]) for row in rows if row)


class GroupedPairs:
    """Rows ``user item ...``, ids from ``first``, the rest dropped -> lines ``user item item ...``, ids from 0."""

    def __init__(self, first: Annotated[int, Ge(0)]) -> None:
        self.first = first

    def __call__(self, text: bytes) -> bytes:
        histories: dict[int, list[int]] = {}
        for line in text.splitlines():
            user, item = (int(number) - self.first for number in line.split()[:2])
            histories.setdefault(user, []).append(item)
        return lines(histories.items())


class Positions:
    """Lines ``user item item ...``, oldest first -> table of user, item and position along the history."""

    def __call__(self, text: bytes) -> bytes:
        return positions((user, items) for user, *items in (line.split() for line in text.splitlines()))


class JsonPositions:
    """``{"user": [item, item, ...], ...}``, oldest first -> table of user, item and position along the history."""

    def __call__(self, text: bytes) -> bytes:
        histories = json.loads(text)
        if not isinstance(histories, dict) or not all(isinstance(items, list) for items in histories.values()):
            raise ValueError("wanted an object that has a list for each user")
        return positions(
            (b"%d" % int(user), [b"%d" % int(item) for item in histories[user]]) for user in sorted(histories, key=int)
        )


def positions(histories: Iterable[tuple[bytes, Sequence[bytes]]]) -> bytes:
    """The catalogue's form: a row an interaction, with its place 0, 1, 2 ... along the history."""
    rows = [b"user\titem\tposition"]
    for user, items in histories:
        rows += [b"\t".join((user, item, b"%d" % place)) for place, item in enumerate(items)]
    return b"\n".join(rows) + b"\n"


def lines(histories: Iterable[tuple[int, Sequence[int]]]) -> bytes:
    """LightGCN's form: a line a user, both ids ascending."""
    found = sorted((user, sorted(items)) for user, items in histories if items)
    return "".join(f"{user} {' '.join(map(str, items))}\n" for user, items in found).encode()

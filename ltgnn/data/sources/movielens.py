"""GroupLens' own files: MovieLens 100k (``u.data``), 1M and 10M (``::``), 20M, 25M and latest (CSV)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import polars as pl

from ltgnn.data.columns import TableFile
from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.rows import RowTable
from ltgnn.data.tables import NodeTable, assemble

RATING_NAMES = ("userId", "movieId", "rating", "timestamp")


@dataclass(frozen=True)
class MovieLens:
    """Ratings with times; title, year (split off the title) and genres (joined by blanks) of each film."""

    ratings: str
    rating_separator: str
    movies: str
    movie_separator: str
    quote: str | None
    encoding: str | None  # None: by a byte order mark, else UTF-8
    movie_names: Sequence[str] | None  # columns; None: both files have a first line with GroupLens' names
    genre_flags: Sequence[str]  # columns with "1" where a film has the genre; empty: one column of genres
    escape: str | None = None  # sign before a quote inside of a value, such as a backslash
    time_format: str | None = None  # "%Y-%m-%d %H:%M:%S", or iso; None: numbers
    time_unit: Literal["auto", "s", "ms", "us", "ns"] = "auto"  # of numbers: s, ms, us, ns; auto: by their range
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]

    def __call__(self, folder: Path) -> Raw:
        rating_names = None if self.movie_names is None else RATING_NAMES
        ratings = self._file(folder / self.ratings, self.rating_separator, rating_names, "rating_separator")
        movies = self._file(folder / self.movies, self.movie_separator, self.movie_names, "movie_separator")
        fields: Mapping[str, str] = {"title": "title"} | {flag: flag for flag in self.genre_flags}
        if not self.genre_flags:
            fields = {"title": "title", "genres": "genres"}
        times = self.time_format, self.time_unit
        rows = RowTable({"all": ratings}, *RATING_NAMES, *times, self.missing, drop_incomplete=bool(self.missing))
        raw = assemble(rows, NodeTable(movies, "movieId", fields))
        title, year = title_and_year(raw.item_fields["title"])
        genres = self._genres(raw)
        return replace(raw, item_fields={"title": title, "year": year, "genres": genres})

    def _file(self, file: Path, separator: str, names: Sequence[str] | None, option: str) -> TableFile:
        options = {"separator": option, "quote": "quote", "encoding": "encoding", "escape": "escape"}
        if option == "movie_separator":
            options["names"] = "movie_names"
        options = {what: f"data.reader.{key}" for what, key in options.items()}
        return table_file(file, separator, self.quote, names, self.encoding, self.escape, options=options)

    def _genres(self, raw: Raw) -> pl.Series:
        if not self.genre_flags:
            genres = raw.item_fields["genres"].str.replace_all("|", " ", literal=True)
            return genres.replace("(no genres listed)", "")
        flags = pl.DataFrame({flag: raw.item_fields[flag] for flag in self.genre_flags})
        marked = [pl.when(pl.col(flag).str.strip_chars() == "1").then(pl.lit(flag)) for flag in self.genre_flags]
        return flags.select(pl.concat_str(marked, separator=" ", ignore_nulls=True)).to_series()


def title_and_year(titles: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Splits a last "(1995)" or "(1995-1999)" off; the year is "" where there is none."""
    parts = titles.str.extract_groups(r"^(?<title>.*?)\s*\((?<year>\d{4})(?:[-–]\d{0,4})?\)\s*$").struct.unnest()
    title = pl.select(pl.coalesce(parts["title"], titles.str.strip_chars())).to_series()
    return title, parts["year"].fill_null("")

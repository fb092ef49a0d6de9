"""Where the images of items are: files named in a column, addresses on the web, bytes in a table."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt

from ltgnn.features.image_download import ImageDownload, is_settled, read_kept
from ltgnn.features.pictures import LARGE_FILE, LARGEST_FILE, NONE, NOT_FOUND, Unread
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, UserError

if TYPE_CHECKING:
    import polars as pl

Content = tuple[int, bytes | Unread]
"""The number of an item, and the bytes of its image or why there are none."""

PIECE = 256
"""Rows of a table of images that are read at a time."""


class ImageSource:
    """Base of what gives the images of items, one after the other. A subclass gives ``read``."""

    def prepare(self, dataset: Dataset, items: Sequence[int], folder: Path) -> None:
        """Called before the first ``read``; what is fetched is kept below ``folder``."""

    @abstractmethod
    def read(self, dataset: Dataset, items: Sequence[int], folder: Path) -> Iterator[Content]:
        """One ``Content`` for each of ``items``, numbers in the data set, in any order."""
        raise NotImplementedError


class ImageFiles(ImageSource):
    """Files, or addresses that begin with http:// or https://.

    ``column``: item field with a path or an address, "" for an item without an image; None: the files that the data
    set names itself (``Dataset.images``). ``folder``: where paths that are not absolute begin; None: where ltgnn runs.
    ``download``: whether addresses are fetched, ``workers`` at a time, each server silent for at most ``timeout``
    seconds. What was fetched once is read from the disk in any case.
    """

    def __init__(
        self,
        column: str | None,
        folder: str | None,
        download: bool,
        workers: Annotated[int, Ge(1)],
        timeout: Annotated[float, Gt(0)],
    ) -> None:
        self.column, self.folder = column, Path(folder or ".").expanduser()
        self.download, self.fetch_all = download, ImageDownload(workers, timeout)

    def places(self, dataset: Dataset) -> Sequence[str]:
        """A path or an address for each item; "" where there is none.  [I]"""
        if self.column is None and dataset.images:
            return [str(dataset.images.get(item, "")) for item in dataset.item_ids]
        if self.column is None or self.column not in dataset.item_fields:
            raise UserError(
                f"features.source.column={'null' if self.column is None else self.column} given, but {dataset.name} "
                f"has {'no images of its own and ' if self.column is None else ''}these item fields: "
                f"{', '.join(dataset.item_fields) or 'none'}. Set features.source.column to one with paths or "
                "addresses (data.reader.item_fields reads them), or features/source=bytes."
            )
        return [place.strip() for place in dataset.item_fields[self.column]]

    def prepare(self, dataset: Dataset, items: Sequence[int], folder: Path) -> None:
        places = self.places(dataset)
        addresses = dict.fromkeys(places[item] for item in items if is_address(places[item]))
        waiting = [address for address in addresses if not is_settled(address, folder)]
        if waiting and not self.download:
            raise UserError(
                f"{pluralize(len(waiting), 'image')} named by an address, such as {waiting[0][:200]}, and not fetched "
                "yet: set features.source.download=true to fetch them."
            )
        self.fetch_all(waiting, folder)

    def read(self, dataset: Dataset, items: Sequence[int], folder: Path) -> Iterator[Content]:
        places = self.places(dataset)
        for item in items:
            place = places[item]
            if not place:
                yield item, NONE
            elif is_address(place):
                yield item, read_kept(place, folder)
            else:
                yield item, read_file(self.folder / Path(place).expanduser())


class ImageBytes(ImageSource):
    """A column of bytes in a Parquet file, with a row an item: also of Hugging Face data sets (``{bytes, path}``).

    ``path``: the file; ``ids``: its column of item ids; ``column``: that of the images. Rows of other items are left
    out, and an item without a row has no image. A row group at a time is in memory.
    """

    def __init__(self, path: str, ids: str, column: str) -> None:
        self.path, self.ids, self.column = Path(path).expanduser(), ids, column

    def read(self, dataset: Dataset, items: Sequence[int], folder: Path) -> Iterator[Content]:
        import polars as pl

        table, kind = self._open()
        wanted = {dataset.item_ids[item]: item for item in items}
        image = pl.col(self.column).struct.field("bytes") if isinstance(kind, pl.Struct) else pl.col(self.column)
        rows = table.select(pl.len()).collect().item()
        lean = table.select(pl.col(self.ids).cast(pl.String).alias("id"), image.alias("image"))
        for start in range(0, rows, PIECE):
            for name, content in lean.slice(start, PIECE).collect().iter_rows():
                if (item := wanted.pop(name, None)) is not None:
                    yield item, check_size(content) if content else NONE
        for item in wanted.values():
            yield item, NONE

    def _open(self) -> tuple[pl.LazyFrame, pl.DataType]:
        import polars as pl

        if not self.path.is_file():
            raise UserError(f"features.source.path={self.path}: no such file")
        try:
            table = pl.scan_parquet(self.path, glob=False)
            schema = table.collect_schema()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise UserError(f"features.source.path={self.path} cannot be read: {str(error).splitlines()[0]}") from error
        for option, name in (("ids", self.ids), ("column", self.column)):
            if name not in schema:
                raise UserError(f"features.source.{option}={name} is not a column of {self.path} ({', '.join(schema)})")
        kind = schema[self.column]
        inner = dict(kind.to_schema()).get("bytes") if isinstance(kind, pl.Struct) else kind
        if inner != pl.Binary:
            raise UserError(
                f"features.source.column={self.column} of {self.path} has the type {kind}; wanted bytes, or the "
                "structure {bytes, path} of a Hugging Face data set"
            )
        return table, kind


def is_address(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def read_file(path: Path) -> bytes | Unread:
    """The bytes of a file, or why they are not read."""
    try:
        return LARGE_FILE if path.stat().st_size > LARGEST_FILE else path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return NOT_FOUND
    except (OSError, ValueError):  # a folder, no permission, a name that no path can have
        return Unread("file cannot be read")


def check_size(content: bytes) -> bytes | Unread:
    return LARGE_FILE if len(content) > LARGEST_FILE else content

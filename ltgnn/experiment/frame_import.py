"""Frames to a folder: written as files, read and cleaned as ``ltgnn data import`` does, kept by what they hold."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from ltgnn.build import build_dataset
from ltgnn.config.composing import compose_config
from ltgnn.data.export import write_processed
from ltgnn.data.sources.processed import INTERACTIONS
from ltgnn.experiment.column_names import find_column, need_column
from ltgnn.experiment.frames import Frame, to_polars
from ltgnn.experiment.option_words import value_word
from ltgnn.experiment.process_state import ONE_AT_A_TIME, hydra_put_back
from ltgnn.types import Dataset, UserError

if TYPE_CHECKING:
    import polars as pl

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class FrameColumns:
    """Columns as the caller names them; None: to be found."""

    user: str | None = None
    item: str | None = None
    time: str | None = None
    rating: str | None = None
    weight: str | None = None
    event: str | None = None
    item_key: str | None = None
    fields: Sequence[str] | Mapping[str, str] | None = None
    numbers: Sequence[str] | Mapping[str, str] | None = None
    event_fields: Sequence[str] | Mapping[str, str] | None = None


def import_frames(
    interactions: Frame | Mapping[str, Frame],
    items: Frame | None,
    name: str,
    columns: FrameColumns,
    reading: Mapping[str, Any],
    cleaning: Mapping[str, Any],
) -> Path:
    """The folder with the cleaned tables, made unless the same are there already.

    ``reading``, ``cleaning``: values of the keys below ``data.reader`` and ``data.cleaning``; None: as they are.
    """
    parts = {part: to_polars(frame, f"interactions, {part}") for part, frame in split_parts(interactions).items()}
    described = None if items is None else to_polars(items, "items")
    with tempfile.TemporaryDirectory(prefix="ltgnn-frames-") as scratch, named_as_arguments(Path(scratch)):
        found = {key: value for key, value in reading.items() if value is not None}
        reader = write_tables(Path(scratch), parts, described, columns) | found
        words = [f"data.cleaning.{key}={value_word(value)}" for key, value in cleaning.items() if value is not None]
        named = [f"data.name={value_word(name)}", f"data.files.path={value_word(scratch)}"]
        with ONE_AT_A_TIME, hydra_put_back():
            cfg = compose_config("train", ["data=table", *named, *words], only=("data",))
        for key, value in reader.items():
            if value is not None:
                OmegaConf.update(cfg, f"data.reader.{key}", value, merge=False, force_add=True)
        dataset = build_dataset(cfg)
        return keep(dataset, Path(str(cfg.paths.data_dir)) / "frames", name)


def keep(dataset: Dataset, root: Path, name: str) -> Path:
    """The folder below ``root`` with the tables of the data set, made unless the same are there already."""
    folder = root / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}-{digest(dataset)}"
    if not (folder / INTERACTIONS).is_file():
        try:
            write_processed(folder, dataset, dataset.parts, dataset.card)
        except UserError:
            if not (folder / INTERACTIONS).is_file():  # else another process has written the same
                raise
    return folder


def split_parts(interactions: Frame | Mapping[str, Frame]) -> dict[str, Frame]:
    """Official parts by name, or all interactions as one."""
    if isinstance(interactions, Mapping) and interactions and set(interactions) <= set(PARTS):
        return {part: cast("Frame", interactions[part]) for part in PARTS if part in interactions}
    return {"all": cast("Frame", interactions)}


def write_tables(
    folder: Path, parts: Mapping[str, pl.DataFrame], items: pl.DataFrame | None, columns: FrameColumns
) -> dict[str, Any]:
    """Parquet files of the columns that are read, and the keys of the reader that name them."""
    import polars as pl

    names = next(iter(parts.values())).columns
    user = need_column("user", names, columns.user, "interactions", "user")
    item = need_column("item", names, columns.item, "interactions", "item")
    others = {
        role: find_column(role, names, given, "interactions", role)
        for role, given in (("time", columns.time), ("rating", columns.rating))
    }
    for role, given in (("weight", columns.weight), ("event", columns.event)):
        others[role] = None if given is None else find_column(role, names, given, "interactions", role)
    of_events = by_name(columns.event_fields)
    for column in of_events.values():
        find_column("item", names, column, "interactions", "event_fields")
    keys: dict[str, Any] = {"user": user, "item": item, **others, "interactions": {}, "event_fields": of_events}
    named = (user, item, *others.values(), *of_events.values())
    kept = list(dict.fromkeys(name for name in named if name is not None))
    for part, frame in parts.items():
        if missing := [name for name in kept if name not in frame.columns]:
            raise UserError(f"interactions, {part}: no column {missing[0]!r}, which the other parts have.")
        frame.select(kept).write_parquet(folder / f"{part}.parquet")
        keys["interactions"][part] = f"{part}.parquet"
    time = others["time"]
    if time is not None and any(frame.schema[time] == pl.String for frame in parts.values()):
        keys["time_format"] = "iso"
    if items is not None:
        keys |= write_items(folder, items, columns, item)
    elif columns.fields or columns.numbers or columns.item_key:
        raise UserError("fields, numbers and item_key are about the frame of items, and none was given: items=...")
    return keys


def write_items(folder: Path, items: pl.DataFrame, columns: FrameColumns, item: str) -> dict[str, Any]:
    """The file of items, and the keys of the reader for it."""
    import polars as pl

    known = columns.item_key or (item if item in items.columns else None)
    key = need_column("item", items.columns, known, "items", "item_key")
    numeric = [name for name, kind in items.schema.items() if kind.is_numeric()]
    rest = [name for name in items.columns if name != key]
    everything = columns.fields is None and columns.numbers is None
    fields = by_name([n for n in rest if n not in numeric] if everything else columns.fields)
    numbers = by_name([n for n in rest if n in numeric] if everything else columns.numbers)
    for option, chosen in (("fields", fields), ("numbers", numbers)):
        for column in chosen.values():
            find_column("item", items.columns, column, "items", option)
    lists = [name for name in fields.values() if items.schema[name].base_type() in (pl.List, pl.Array)]
    joined = items.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(", ") for name in lists)
    kept = list(dict.fromkeys([key, *fields.values(), *numbers.values()]))
    joined.select(kept).write_parquet(folder / "items.parquet")
    return {"items": "items.parquet", "item_key": key, "item_fields": fields, "item_numbers": numbers}


def by_name(columns: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """Our name -> column."""
    if isinstance(columns, str):
        raise UserError(f"{columns!r} given, a list of columns wanted: [{columns!r}].")
    return dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns or ()}


def digest(dataset: Dataset) -> str:
    """Of all that a data set holds, the order of its rows included."""
    found = hashlib.sha256(json.dumps([dict(dataset.card), list(dataset.item_fields)], sort_keys=True).encode())
    for pairs in dataset.parts.values():
        for column in (pairs.users, pairs.items):
            found.update(column.numpy().tobytes())
    return found.hexdigest()[:16]


def named_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights by the text of their event; ``UserError`` where they are no dict of numbers."""
    if not isinstance(weights, Mapping):
        raise UserError(
            f"event_weights={weights!r} given, a weight for each event wanted, such as {{'click': 1, 'purchase': 5}}."
        )
    try:
        return {str(event): float(weight) for event, weight in weights.items()}
    except (TypeError, ValueError):
        raise UserError(f"event_weights={dict(weights)!r}: each weight has to be a number of 0 or more.") from None


@contextmanager
def named_as_arguments(scratch: Path) -> Iterator[None]:
    """Messages of the reader name frames and arguments in place of files and options."""
    try:
        yield
    except UserError as error:
        text = str(error)
        for name in ("all", *PARTS):
            text = text.replace(str(scratch / f"{name}.parquet"), f"interactions{'' if name == 'all' else ', ' + name}")
        text = text.replace(str(scratch / "items.parquet"), "items").replace("keep_unseen_items", "keep_untouched")
        text = re.sub(r"data\.(?:reader|cleaning)\.(\w+)=true", r"\1=True", text)
        text = re.sub(r"\+?data\.reader\.event_weights\.([^=]+)=(\S+?)(?=:|$)", r"event_weights={'\1': \2}", text)
        text = text.replace("data.reader.event=COLUMN", "event='COLUMN'")
        text = re.sub(r"data\.(?:reader|cleaning)\.(\w+)", r"\1", text)
        text = re.sub(r"(?<=, )\.(?=(until|item_core|min_rating|user_core)\b)|(?<=or )\.(?=item_core)", "", text)
        raise UserError(re.sub(r" in data\.reader\b", " in the arguments", text)) from None

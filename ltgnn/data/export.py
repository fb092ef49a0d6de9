"""Data sets and lists written for others: ltgnn's own folder, RecBole's atomic files, LightGCN's text, score lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from polars.io.plugins import register_io_source

from ltgnn.data.blocks import blocks
from ltgnn.data.event_fields import FIELD, columns_of
from ltgnn.data.sources.processed import CARD, INTERACTIONS, ITEMS, RELATIONS, USERS
from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.spreadsheet import marked_frame
from ltgnn.types import Dataset, Interactions, Relation, Split, UserError

Parts = Mapping[str, Interactions]
RECBOLE_PART = {"train": "part1", "val": "part2", "test": "part3"}


def parts_of(split: Split) -> dict[str, Interactions]:
    """The parts of a split by name, without an empty validation."""
    parts = {"train": split.train, "val": split.val, "test": split.test}
    return {name: part for name, part in parts.items() if len(part)}


def write_processed(folder: Path, dataset: Dataset, parts: Parts, card: Mapping[str, Any]) -> None:
    """ltgnn's own form, read by ``data=processed``: the same ids, order and pairs."""
    with new_folder(folder) as into:
        _write(_pieces(dataset, parts), into / INTERACTIONS)
        numbers = {name: column.numpy() for name, column in dataset.item_numbers.items()}
        pl.DataFrame({"id": dataset.item_ids, **dataset.item_fields, **numbers}).write_parquet(into / ITEMS)
        pl.DataFrame({"id": dataset.user_ids, **dataset.user_fields}).write_parquet(into / USERS)
        for name, rows_of_items in dataset.item_vectors.items():
            np.save(into / f"{name}.npy", rows_of_items.numpy())
        if dataset.relations:
            relations = {name: _plain_relation(one) for name, one in dataset.relations.items()}
            (into / RELATIONS).write_text(json.dumps(relations, ensure_ascii=False), encoding="utf-8")
        (into / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False), encoding="utf-8")


def _plain_relation(one: Relation) -> dict[str, Any]:
    edges = {"items": one.items.tolist(), "others": one.others.tolist()}
    return {"kind": one.kind, "num_others": one.num_others, "other_ids": list(one.other_ids), **edges}


def write_recbole(folder: Path, dataset: Dataset, parts: Parts, card: Mapping[str, Any]) -> None:
    """RecBole's atomic files, benchmark parts included, with every id in the ``.item`` and ``.user`` files.

    RecBole reads them by ``pandas.read_csv(delimiter="\\t")``: a text that begins with a quote is quoted, its quotes
    doubled; tabs and line ends in texts become blanks. Raises ``UserError`` for ids and names that it cannot read.
    """
    name = dataset.name
    for noun in ("user", "item"):
        fields = {**getattr(dataset, f"{noun}_fields"), **(dataset.item_numbers if noun == "item" else {})}
        check_recbole(noun, getattr(dataset, f"{noun}_ids"), fields)
    check_recbole("event", (), {field for pairs in parts.values() for field in pairs.fields})
    with new_folder(folder) as into:
        for part, pairs in parts.items():
            middle = "" if part == "all" else f".{RECBOLE_PART[part]}"
            rows = _rows(dataset, pairs, part).drop("part")
            typed = {
                "user": "user_id:token",
                "item": "item_id:token",
                "time": "timestamp:float",
                "weight": "weight:float",
                **{FIELD + field: f"{field}:token" for field in pairs.fields},
            }
            _tsv(
                rows.rename({old: new for old, new in typed.items() if old in rows.columns}),
                into / f"{name}{middle}.inter",
            )
        texts = {f"{field}:token_seq": column for field, column in dataset.item_fields.items()}
        numbers = {f"{field}:float": column.numpy() for field, column in dataset.item_numbers.items()}
        _tsv(pl.DataFrame({"item_id:token": dataset.item_ids, **texts, **numbers}), into / f"{name}.item")
        texts = {f"{field}:token_seq": column for field, column in dataset.user_fields.items()}
        _tsv(pl.DataFrame({"user_id:token": dataset.user_ids, **texts}), into / f"{name}.user")
        (into / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False), encoding="utf-8")


def write_lightgcn(folder: Path, dataset: Dataset, parts: Parts, card: Mapping[str, Any]) -> None:
    """``train.txt``, ``valid.txt`` (disjoint from train), ``test.txt`` with numbers; their raw ids in two lists."""
    with new_folder(folder) as into:
        for part, pairs in parts.items():
            offsets, items = pairs.by_user
            lines = [
                f"{user} " + " ".join(map(str, items[offsets[user] : offsets[user + 1]].tolist()))
                for user in range(pairs.num_users)
                if offsets[user] < offsets[user + 1]
            ]
            (into / f"{ {'val': 'valid'}.get(part, part) }.txt").write_text("\n".join(lines) + "\n")
        for noun, ids in (("user", dataset.user_ids), ("item", dataset.item_ids)):
            _tsv(pl.DataFrame({"org_id": ids, "remap_id": range(len(ids))}), into / f"{noun}_list.tsv")
        (into / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False), encoding="utf-8")


def write_lists(file: Path, dataset: Dataset, lists: pl.DataFrame) -> None:
    """``user,item,score`` of recommendation lists (columns user, items, scores; -1 fills short lists).

    Ids that a spreadsheet would run as formulas are marked (``ltgnn.io.spreadsheet``); ``evaluate lists=`` knows them.
    """
    rows = lists.explode("items", "scores", empty_as_null=False).filter(pl.col("items") >= 0)
    frame = pl.DataFrame(
        {
            "user": pl.Series(dataset.user_ids, dtype=pl.String)[rows["user"]],
            "item": pl.Series(dataset.item_ids, dtype=pl.String)[rows["items"]],
            "score": rows["scores"],
        }
    )
    with replace_atomically(file, "--out") as temporary:
        marked_frame(frame).write_csv(temporary)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder written atomically; one that is not empty is not overwritten."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists and is not empty. Name another folder with --out, or delete it.")
    with replace_atomically(folder, "--out") as temporary:
        temporary.mkdir()
        yield temporary


def _rows(dataset: Dataset, pairs: Interactions, part: str) -> pl.DataFrame:
    """Raw ids, part and, where there are any, times, weights and fields of events."""
    return pl.concat(_pieces(dataset, {part: pairs}))


def _pieces(dataset: Dataset, parts: Parts) -> Iterator[pl.DataFrame]:
    """The rows of the parts one after the other, some at a time: their raw ids take more memory than all else."""
    users, items = (pl.Series(ids, dtype=pl.String) for ids in (dataset.user_ids, dataset.item_ids))
    for part, pairs in parts.items():
        for block in blocks(len(pairs)) if len(pairs) else [slice(0, 0)]:
            columns: dict[str, Any] = {
                "user": users[pairs.users[block].numpy()],
                "item": items[pairs.items[block].numpy()],
                "part": pl.repeat(part, len(pairs.users[block]), dtype=pl.String, eager=True),
            }
            if pairs.times is not None:
                columns["time"] = pairs.times[block].numpy()
            if pairs.weights is not None:
                columns["weight"] = pairs.weights[block].to(torch.float64).numpy()
            yield pl.DataFrame({**columns, **columns_of(pairs, block)})


def _write(pieces: Iterator[pl.DataFrame], file: Path) -> None:
    """Writes the pieces as one Parquet file, a row group each."""
    first = next(pieces)
    given = chain([first], pieces)
    register_io_source(lambda *_: given, schema=first.schema).sink_parquet(file)


PANDAS_MISSING = frozenset(
    [
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    ]
)
"""Texts that ``pandas.read_csv`` reads as missing, quoted or not."""


def check_recbole(noun: str, ids: Sequence[str], fields: Iterable[str]) -> None:
    """Raises ``UserError`` for an id, or a name of a field, that RecBole would read as another or as none."""
    for id in ids:
        if id in PANDAS_MISSING or not id.strip() or any(sign in id for sign in BREAKS):
            raise UserError(
                f"RecBole cannot read the {noun} id {id!r}: pandas takes it for a missing value, or it holds a tab "
                f"or a line end. Write the id otherwise in the source, or export another form (--to processed)."
            )
    for field in fields:
        if any(sign in field for sign in (":", '"', *BREAKS)):
            raise UserError(
                f"RecBole cannot read a field called {field!r} (a colon, quote, tab or line end is in it): give it "
                f"another name in data.reader.{noun}_fields (--field NAME=COLUMN of ltgnn data import)."
            )


BREAKS = "\t\r\n\0"


def _tsv(frame: pl.DataFrame, file: Path) -> None:
    text = pl.col(pl.String).str.replace_all(r"[\t\r\n\x00]+", " ").str.strip_chars()
    quoted = pl.lit('"') + text.str.replace_all('"', '""') + pl.lit('"')
    texts = pl.when(text.str.starts_with('"')).then(quoted).otherwise(text).name.keep()
    frame.with_columns(texts).fill_nan(None).write_csv(file, separator="\t", quote_style="never")

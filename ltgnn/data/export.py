"""Data sets and lists written for others: ltgnn's own folder, RecBole's atomic files, LightGCN's text, score lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from polars.io.plugins import register_io_source

from ltgnn.data.blocks import blocks
from ltgnn.data.sources.processed import CARD, INTERACTIONS, ITEMS, USERS
from ltgnn.types import Dataset, Interactions, Mistake, Split
from ltgnn.writing import whole

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
        (into / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False), encoding="utf-8")


def write_recbole(folder: Path, dataset: Dataset, parts: Parts, card: Mapping[str, Any]) -> None:
    """RecBole's atomic files, benchmark parts included, with every id in the ``.item`` and ``.user`` files.

    The form knows no quoting: tabs and line ends in texts become blanks.
    """
    name = dataset.name
    with new_folder(folder) as into:
        for part, pairs in parts.items():
            middle = "" if part == "all" else f".{RECBOLE_PART[part]}"
            rows = _rows(dataset, pairs, part).drop("part")
            typed = {
                "user": "user_id:token",
                "item": "item_id:token",
                "time": "timestamp:float",
                "weight": "weight:float",
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
    """``train.txt``, ``valid.txt`` (apart from train), ``test.txt`` with numbers; their raw ids in two lists."""
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
    """``user_id,item_id,score`` of recommendation lists (columns user, items, scores; -1 fills short lists)."""
    rows = lists.explode("items", "scores").filter(pl.col("items") >= 0)
    frame = pl.DataFrame(
        {
            "user_id": pl.Series(dataset.user_ids, dtype=pl.String)[rows["user"]],
            "item_id": pl.Series(dataset.item_ids, dtype=pl.String)[rows["items"]],
            "score": rows["scores"],
        }
    )
    with whole(file, "--out") as temporary:
        frame.write_csv(temporary)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder that appears whole or not at all; one that has something in it is left alone."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Mistake(f"{folder} exists and is not empty. Name another folder with --out, or delete it.")
    with whole(folder, "--out") as temporary:
        temporary.mkdir()
        yield temporary


def _rows(dataset: Dataset, pairs: Interactions, part: str) -> pl.DataFrame:
    """Raw ids, part and, where there are any, times and weights."""
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
            yield pl.DataFrame(columns)


def _write(pieces: Iterator[pl.DataFrame], file: Path) -> None:
    """Writes the pieces as one Parquet file, a row group each."""
    first = next(pieces)
    given = chain([first], pieces)
    register_io_source(lambda *_: given, schema=first.schema).sink_parquet(file)


def _tsv(frame: pl.DataFrame, file: Path) -> None:
    texts = pl.col(pl.String).str.replace_all(r"[\t\r\n]+", " ").str.strip_chars()
    frame.with_columns(texts).fill_nan(None).write_csv(file, separator="\t", quote_style="never")

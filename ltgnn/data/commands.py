"""What the commands of ``ltgnn data`` do; ``cli.py`` reads their arguments."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ltgnn.data.audit import audit
from ltgnn.data.card import table
from ltgnn.data.difference import Side, difference, summary
from ltgnn.data.export import parts_of, write_lightgcn, write_lists, write_processed, write_recbole
from ltgnn.data.target import Target, catalogue, target
from ltgnn.paths import write_whole
from ltgnn.types import Dataset, Mistake

WRITERS = {"recbole": write_recbole, "lightgcn": write_lightgcn, "processed": write_processed}


def fetch(name: str | None, overrides: Sequence[str]) -> int:
    """Obtains and verifies the files of a data set; lists the catalogue without a name."""
    if name is None:
        for key, keys in catalogue().items():
            print(f"  {key:<20}{keys['about']}")
        return 0
    from hydra.utils import instantiate

    found = target(name, overrides)
    folder = instantiate(found.cfg.data.files)()
    print(f"{found.cfg.data.name}: files in {folder}")
    for file in found.cfg.data.files.get("sha256", {}):
        print(f"  {file:<24}{(folder / file).stat().st_size:>14,} bytes, verified")
    print(f"licence: {found.cfg.data.licence}")
    return 0


def bring(arguments: argparse.Namespace) -> int:
    """Reads, cleans and writes a data set as a folder."""
    file, out = Path(arguments.source).expanduser(), Path(arguments.out)
    cleaning = {key: getattr(arguments, key) for key in ("min_rating", "user_core", "item_core")}
    overrides = [f"data.cleaning.{key}={value}" for key, value in cleaning.items() if value is not None]
    if file.is_file():
        name = f"data.name={json.dumps(out.resolve().name)}"
        found = target("table", [name, *overrides, *arguments.overrides], _mapping(file, arguments))
    elif file.suffix:
        raise Mistake(f"No file {file}.")
    else:
        found = target(arguments.source, [*overrides, *arguments.overrides])
    dataset = found.dataset
    write_processed(out, dataset, dataset.parts, dataset.card)
    print(_first_rows(dataset))
    print(table(dataset.card))
    official = "split=official " if "train" in dataset.parts else ""
    template = f" data.template='{{{next(iter(dataset.item_fields))}}}'" if dataset.item_fields else ""
    print(f"\nwritten to {out}; train on it:")
    print(f"  ltgnn train data=processed {official}data.files.path={out}{template}")
    return 0


def stats(name: str, overrides: Sequence[str], out: str | None) -> int:
    """Prints the data card; writes it and the popularity curve."""
    found = target(name, overrides)
    card = found.card()
    print(table(card))
    if out is not None:
        from ltgnn.data.curve import draw

        folder = Path(out)
        write_whole(folder / "data_card.json", json.dumps(card, indent=1, ensure_ascii=False), "--out")
        draw(found.split.train.item_counts, found.groups, f"{card['name']}, {card['split']}", folder / "popularity.png")
        print(f"\nwritten: {folder / 'data_card.json'}, {folder / 'popularity.png'}")
    return 0


def split(name: str, overrides: Sequence[str], out: str) -> int:
    """Cuts a data set and writes the parts."""
    found = target(name, overrides)
    card = found.card()
    write_processed(Path(out), found.dataset, parts_of(found.split), card)
    print(f"{card['name']}: {card['split']}")
    print("  " + ", ".join(f"{part} {size:,}" for part, size in card["pairs"].items()))
    print(f"  fingerprint {card['fingerprint']}")
    print(f"written to {out}; train on it:\n  ltgnn train data=processed split=official data.files.path={out}")
    return 0


def audit_target(name: str, overrides: Sequence[str], allow: Sequence[str]) -> int:
    """Prints the findings; 1 if there is one that is not allowed."""
    from hydra.utils import instantiate

    found = target(name, overrides)
    cut = found.split
    graph = instantiate(found.cfg.graph)(cut.train, item_edges={})  # pairs leak, not likeness of texts
    fields, texts = _texts(found)
    findings = audit(found.dataset, cut, graph, cut.train.item_counts, texts, fields)
    left = [finding for finding in findings if not any(finding.check.startswith(word) for word in allow)]
    print(f"{found.dataset.name}, {cut.name}, fingerprint {cut.fingerprint[:16]}")
    for finding in findings:
        print(f"  {'FOUND' if finding in left else 'allowed'}  {finding}")
    if not findings:
        print("  no leak found: parts, times, graph, counts, numbers, texts")
    return 1 if left else 0


def diff(left: str, right: str) -> int:
    """Prints how two data sets or splits differ; 1 if they do."""
    first, *first_overrides = shlex.split(left)
    second, *second_overrides = shlex.split(right)
    cut = any(word.startswith("split") for word in (*first_overrides, *second_overrides))
    one, two = (
        _side(target(name, overrides), label, cut)
        for name, overrides, label in ((first, first_overrides, left), (second, second_overrides, right))
    )
    print(summary(one, two))
    lines = difference(one, two)
    for line in lines or ["the same: users, items, pairs, texts"]:
        print(f"  {line}")
    return 1 if lines else 0


def export(name: str, overrides: Sequence[str], to: str, out: str) -> int:
    """Writes a split, or the lists of a run, for other tools."""
    found = target(name, overrides)
    if to == "lists":
        lists = Path(name) / "topk.parquet"
        if not lists.is_file():
            raise Mistake(f"No file {lists}: --to lists needs the folder of a finished run.")
        write_lists(Path(out), found.dataset, pl.read_parquet(lists))
    else:
        WRITERS[to](Path(out), found.dataset, parts_of(found.split), found.card())
    print(f"written: {out}")
    return 0


def _mapping(file: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Arguments of the reader ``Table`` from the options of the command line."""

    def pairs(words: Sequence[str]) -> dict[str, str]:
        for word in words:
            if "=" not in word:
                raise Mistake(f"--field and --number want NAME=COLUMN, not {word!r}.")
        return dict(word.split("=", 1) for word in words)

    return {
        "interactions": {"all": str(file.resolve())},
        "items": str(Path(arguments.items).expanduser().resolve()) if arguments.items else None,
        "separator": arguments.separator,
        "quote": None if arguments.no_quotes else '"',
        "names": arguments.names.split(",") if arguments.names else None,
        "user": arguments.user,
        "item": arguments.item,
        "rating": arguments.rating,
        "time": arguments.time,
        "time_format": arguments.time_format,
        "item_key": arguments.item_key or arguments.item,
        "item_fields": pairs(arguments.field),
        "item_numbers": pairs(arguments.number),
        "drop_incomplete": arguments.drop_incomplete,
    }


def _first_rows(dataset: Dataset, rows: int = 5) -> str:
    """The first interactions with their texts, so that a person sees whether the columns are the right ones."""
    pairs = next(iter(dataset.parts.values()))
    lines = ["first rows: user, item" + "".join(f", {name}" for name in dataset.item_fields)]
    for user, item in zip(pairs.users[:rows].tolist(), pairs.items[:rows].tolist(), strict=True):
        texts = [texts[item][:60] for texts in dataset.item_fields.values()]
        lines.append("  " + " | ".join([dataset.user_ids[user], dataset.item_ids[item], *texts]))
    return "\n".join(lines) + "\n"


def _texts(found: Target) -> tuple[list[str], list[str] | None]:
    """The fields that the template uses, and their texts joined: equal where the encoder's texts are equal."""
    template = found.cfg.data.template
    fields = [name for name in found.dataset.item_fields if template and "{" + name in template]
    if not fields:
        return [], None
    return fields, ["\n".join(row) for row in zip(*(found.dataset.item_fields[name] for name in fields), strict=True)]


def _side(found: Target, label: str, cut: bool) -> Side:
    return Side(label, found.dataset, parts_of(found.split) if cut else found.dataset.parts)

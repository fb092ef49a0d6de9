"""``ltgnn data import``: the options of the command line as keys of the reader, and what it prints."""

from __future__ import annotations

import argparse
import logging
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ltgnn.commands.data.flags import describe_reading, name_flags, with_flags
from ltgnn.data.card import table
from ltgnn.data.export import write_processed
from ltgnn.data.source_columns import RECORDED, choices_of
from ltgnn.experiment.target import Target, target
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, UserError

CLEANING = ("min_rating", "user_core", "item_core", "repeats")
WORDS = (
    "user", "item", "rating", "time", "time_format", "time_unit", "weight", "event", "item_key", "separator",
    "encoding", "escape",
)  # fmt: skip
LISTS = ("names", "item_names", "missing")
FLAGS = ("drop_incomplete", "first_counts", "keep_unknown")
OF_ITEMS = ("item_key", "item_names", "first_counts", "keep_unknown")
"""Options about the file of items."""


def import_data(arguments: argparse.Namespace) -> int:
    """Reads, cleans and writes a data set as a folder."""
    file, out = Path(arguments.source).expanduser(), Path(arguments.out)
    given = {key: getattr(arguments, key) for key in CLEANING}
    overrides = [f"data.cleaning.{key}={value}" for key, value in given.items() if value is not None]
    if arguments.keep_untouched:
        overrides.append("data.cleaning.keep_unseen_items=true")
    overrides += arguments.overrides
    keys = reader_keys(arguments)
    if file.is_file():
        quoted = out.resolve().name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'data.name="{quoted}"'
        keys["interactions"] = {"all": str(file.resolve())}
        if not arguments.items and (useless := [key for key in OF_ITEMS if key in keys]):
            option = f"--{useless[0].replace('_', '-')}"
            raise UserError(f"{option} is about the file of items, and none was given: add --items FILE, or omit it.")
        if "item" in keys:
            keys.setdefault("item_key", keys["item"])
        with name_flags(of_file=True):
            found = target("table", [name, *overrides], keys)
            dataset = load_quietly(found)
    elif file.suffix:
        raise UserError(f"No file {file}.")
    else:
        found = target(arguments.source, overrides, keys)
        dataset = load_quietly(found)
    data: Any = OmegaConf.to_container(found.cfg.data, resolve=True)
    choices = choices_of(data["reader"], data["cleaning"])
    write_processed(out, dataset, dataset.parts, {**dataset.card, RECORDED: choices})
    print(first_rows(dataset))
    print("\n".join([*describe_reading(dataset.card["source"]), ""]))
    print(with_flags(table(dataset.card)) if file.is_file() else table(dataset.card))
    untouched = dataset.card["left out"].get("items without an interaction")
    if untouched:
        said = pluralize(untouched, "item without interactions is", "items without interactions are")
        them = "it" if untouched == 1 else "them"
        print(f"\n{said} left out; --keep-untouched keeps {them}, to be ranked by features")
    print(f"\nwritten to {out}; train on it:\n  {next_command(out, dataset)}")
    return 0


def reader_keys(arguments: argparse.Namespace) -> dict[str, Any]:
    """Keys of the reader from the options that were given."""
    keys: dict[str, Any] = {key: getattr(arguments, key) for key in WORDS}
    keys |= {key: value.split(",") for key in LISTS if (value := getattr(arguments, key)) is not None}
    keys |= {key: True for key in FLAGS if getattr(arguments, key)}
    keys["items"] = str(Path(arguments.items).expanduser().resolve()) if arguments.items else None
    keys["item_fields"] = pairs("--field", arguments.field) or None
    keys["item_numbers"] = pairs("--number", arguments.number) or None
    keys["event_fields"] = pairs("--event-field", arguments.event_field) or None
    keys["event_weights"] = event_weights(arguments.event_weight) or None
    keys = {key: value for key, value in keys.items() if value is not None}
    return keys | ({"quote": None} if arguments.no_quotes else {})


def pairs(option: str, words: Sequence[str]) -> dict[str, str]:
    """``NAME=COLUMN`` words."""
    for word in words:
        if "=" not in word:
            raise UserError(f"{option} {word!r}: expected NAME=COLUMN.")
    return dict(word.split("=", 1) for word in words)


def event_weights(words: Sequence[str]) -> dict[str, float]:
    """``EVENT=NUMBER`` words."""
    found, example = {}, "purchase=5"
    for word in words:
        event, sign, number = word.rpartition("=")
        try:
            found[event] = float(number)
        except ValueError:
            sign = ""
        if not sign or not event:
            raise UserError(f"--event-weight {word!r}: expected EVENT=NUMBER, such as {example}.")
    return found


def load_quietly(found: Target) -> Dataset:
    """The data set; what would be logged about it is on the card that is printed."""
    logger = logging.getLogger("ltgnn.data.catalog")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        dataset: Dataset = found.dataset
    finally:
        logger.setLevel(before)
    return dataset


def first_rows(dataset: Dataset, rows: int = 5) -> str:
    """The first interactions with their texts, so that a person sees whether the columns are the right ones."""
    some = next(iter(dataset.parts.values()))
    lines = ["first rows: user, item" + "".join(f", {name}" for name in dataset.item_fields)]
    for user, item in zip(some.users[:rows].tolist(), some.items[:rows].tolist(), strict=True):
        texts = [texts[item][:60] for texts in dataset.item_fields.values()]
        lines.append("  " + " | ".join([dataset.user_ids[user], dataset.item_ids[item], *texts]))
    return "\n".join(lines) + "\n"


def next_command(out: Path, dataset: Dataset) -> str:
    """How to train on it, with every text field in the template."""
    words = ["ltgnn train data=processed", *["split=official"] * ("train" in dataset.parts)]
    words.append(shlex.quote(f"data.files.path={out}"))
    if dataset.item_fields:
        template = ". ".join(f"{{{name}}}" for name in dataset.item_fields)
        words.append(f"\"data.template='{template}'\"")
    return " ".join(words)

"""New events, users and items in a finished model, without retraining: ``ltgnn update run=DIR events=FILE``."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ltgnn.config.arguments import parse
from ltgnn.config.paths import write_whole
from ltgnn.data.columns import Column, Kind
from ltgnn.data.formats import table_file
from ltgnn.data.new_events import read_events
from ltgnn.data.source_columns import SourceColumns, choose_column, recorded_columns
from ltgnn.inference.column_update import ColumnUpdate
from ltgnn.inference.finished_run import load_finished_run, to_served_model
from ltgnn.inference.new_interactions import encode_new, extend_problem
from ltgnn.inference.update import AGAIN, update_scorer
from ltgnn.serving import export
from ltgnn.types import Dataset, UserError

USAGE = """usage: ltgnn update run=DIR events=FILE out=FOLDER [items=FILE] [KEY=VALUE ...]

Adds new interactions, users and items to a finished run with unchanged weights,
and writes the result as an export (what `ltgnn recommend run=FOLDER` and
`ltgnn.load` read). The run is not changed: give all events since training.

  ltgnn update run=logs/train/runs/X events=today.csv out=today
  ltgnn update run=my-run events=today.csv items=new-goods.csv out=today

  events=FILE    CSV, TSV, Parquet or JSON Lines; ids as in the data of the run
  items=FILE     new items: the id, the fields that the text template of the run
                 names, the numbers that it reads
  user=, item=   columns of the events; by default those that the data of the
                 run were read from, else user, item
  weight=, event=, rating=
                 likewise, where the import had --weight, --event, --min-rating:
                 its weights of events and its least rating count here, too;
                 none: each row counts alike
  event_weight.NAME=
                 what an event is worth that the import did not name
  item_key=      column of the ids in items=; likewise
  field.NAME=    column of a text field or number of the items, such as
                 field.title=product_name; likewise, else NAME
  weights=FOLDER an earlier update of the run, or an export of it: of
                 model=ease_local only the item weights that the events change
                 are solved, the others are taken from there, else from the run
  tolerance=0    of model=ease_local: weights to an item that are nearer to
                 their solution than this (Euclidean norm) are kept too; 0: all
                 that change are solved

A new user is known by the new interactions only, a new item by its features
(and its users): text and numbers from items=FILE, vectors
(features=precomputed) from the run's own file of vectors, if that has a row of
the item.
"""

DEFAULTS: dict[str, str | None] = {
    "run": None, "events": None, "out": None, "items": "", "user": "", "item": "", "item_key": "",
    "weight": "", "event": "", "rating": "", "weights": "", "tolerance": "0",
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parsed = parse(list(sys.argv[1:] if argv is None else argv), DEFAULTS, USAGE, prefix=("field", "event_weight"))
    if parsed is None:
        return 0
    values, dotted = parsed
    if Path(values["out"]).exists():
        raise UserError(f"out={values['out']} is there already: give a new name, or remove it.")
    earlier = _columns(values["weights"], values["tolerance"])
    run, cfg, problem = load_finished_run(values["run"])
    data: Any = OmegaConf.to_container(cfg.data, resolve=True)
    columns = recorded_columns(data["reader"], problem.dataset.card, data["cleaning"])
    events = read_events(values["events"], values, _weights(_named("event_weight", dotted)), columns)
    items = _items(values, problem.dataset, columns, _named("field", dotted))
    new = encode_new(
        problem.dataset, problem.split.train, events.pairs, items, events.weights, columns.repeats or "sum"
    )
    after = extend_problem(cfg, problem, new)
    report: dict[str, Any] = {
        "run": str(run.path), "events": len(events.pairs), "left out": dict(events.left_out),
        "new pairs": len(new.users), "repeated or known": new.repeated, "new users": len(new.user_ids),
        "new items": len(new.item_ids), "weighed": after.split.train.weights is not None,
    }  # fmt: skip
    scorer, how = update_scorer(cfg, problem, after, new, run, earlier)
    report |= how
    model = to_served_model(run, cfg, after, scorer)
    export.write(model, Path(values["out"]), OmegaConf.to_yaml(cfg))
    write_whole(Path(values["out"]) / "update.json", json.dumps(report, indent=1) + "\n", "out=")
    print("\n".join([*in_words(report, events.weights is not None), f"written: {values['out']}"]))
    return 0


def _columns(weights: str, tolerance: str) -> ColumnUpdate:
    """Where the columns that are kept come from, and which are."""
    try:
        number = float(tolerance)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise UserError(f"tolerance={tolerance} given, a number of 0 or more wanted.")
    return ColumnUpdate(export.load_exported(weights) if weights else None, number)


def in_words(report: Mapping[str, Any], have_weights: bool) -> list[str]:
    """What was added and what was computed, a line each. ``have_weights``: the events have them."""
    left_out = [f"events left out, {reason}: {rows:,}" for reason, rows in report["left out"].items()]
    weighed = [
        "weights: those of the events, as at the import; a pair that the run knows keeps its own"
        if have_weights
        else "weights: each new pair counts 1, since these events have none"
    ]
    return [
        f"run: {report['run']}",
        f"events: {report['events']:,}",
        *left_out,
        f"new pairs of a user and an item: {report['new pairs']:,}",
        f"repeated, or known to the run: {report['repeated or known']:,}",
        f"new users: {report['new users']:,}",
        f"new items: {report['new items']:,}",
        *(weighed if report["weighed"] else []),
        f"{AGAIN}: {report[AGAIN]} ({report['seconds']:.3f} s)",
    ]


def _named(prefix: str, words: Sequence[str]) -> dict[str, str]:
    """``PREFIX.NAME=VALUE`` words by name."""
    found = [word.removeprefix(f"{prefix}.") for word in words if word.startswith(f"{prefix}.")]
    return dict(word.split("=", 1) for word in found)


def _weights(given: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, text in given.items():
        try:
            found[name] = float(text)
        except ValueError:
            found[name] = math.nan
        if not 0 <= found[name] < math.inf:
            raise UserError(f"event_weight.{name}={text} given, a number of 0 or more wanted.")
    return found


def _items(
    values: Mapping[str, str], dataset: Dataset, known: SourceColumns, named: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """New items by id: the fields and numbers of the data set. ``named``: our name -> column, as the user says."""
    import polars as pl

    names = [*dataset.item_fields, *dataset.item_numbers]
    if odd := [name for name in named if name not in names]:
        raise UserError(f"field.{odd[0]}= given; the items of {dataset.name} have {', '.join(names) or 'no fields'}.")
    if not values["items"]:
        return {}
    file, source = table_file(Path(values["items"]), options={}), f"items={values['items']}"
    there = list(file.schema_of({}))  # empty where each row names its own
    likely = (known.item_key, known.item, "item", "item_id")
    columns = {"id": Column(choose_column(values["item_key"], likely, there, source, "item_key"), Kind.ID)}

    def column(name: str, known_as: str) -> str:
        """What the user says, else the column of the import, else the name itself; absent ones are left empty."""
        if name in named:
            return choose_column("", [named[name]], there, source, f"field.{name}")
        return known_as if known_as and (known_as in there or not there) else name

    for name in dataset.item_fields:
        columns[name] = Column(column(name, known.item_fields.get(name, "")), Kind.TEXT, required=False)
    for name in dataset.item_numbers:
        taken = column(name, known.item_numbers.get(name, ""))
        if taken in there or not there:
            columns[name] = Column(taken, Kind.NUMBER, required=False)
    frame = file.read(columns).frame.with_columns(pl.col("id").cast(pl.String))
    ids = frame["id"].to_list()
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise UserError(f"items={values['items']}: the id '{twice}' is in several rows; keep one of them")
    rows = frame.drop("id").with_columns(pl.col(pl.String).fill_null("")).iter_rows(named=True)
    return dict(zip(ids, rows, strict=True))


if __name__ == "__main__":
    raise SystemExit(main())

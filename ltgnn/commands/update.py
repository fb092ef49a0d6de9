"""New events, users and items in a finished model, without retraining: ``ltgnn update run=DIR events=FILE``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ltgnn.config.arguments import parse
from ltgnn.config.paths import write_whole
from ltgnn.data.columns import Column, Kind
from ltgnn.data.formats import table_file
from ltgnn.data.source_columns import SourceColumns, choose_column, recorded_columns
from ltgnn.inference.finished_run import load_finished_run, to_served_model
from ltgnn.inference.new_interactions import encode_new, extend_problem
from ltgnn.inference.update import update_scorer
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
  item_key=      column of the ids in items=; likewise
  field.NAME=    column of a text field or number of the items, such as
                 field.title=product_name; likewise, else NAME

A new user is known by the new interactions only, a new item by its features
(and its users): text and numbers from items=FILE, vectors
(features=precomputed) from the run's own file of vectors, if that has a row of
the item.
"""

DEFAULTS: dict[str, str | None] = {
    "run": None, "events": None, "out": None, "items": "", "user": "", "item": "", "item_key": "",
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parsed = parse(list(sys.argv[1:] if argv is None else argv), DEFAULTS, USAGE, prefix="field")
    if parsed is None:
        return 0
    values, fields = parsed
    if Path(values["out"]).exists():
        raise UserError(f"out={values['out']} is there already: give a new name, or remove it.")
    run, cfg, problem = load_finished_run(values["run"])
    reader: Any = OmegaConf.to_container(cfg.data.reader, resolve=True)
    columns = recorded_columns(reader, problem.dataset.card)
    events = _events(values, columns)
    named = dict(word.removeprefix("field.").split("=", 1) for word in fields)
    new = encode_new(problem.dataset, problem.split.train, events, _items(values, problem.dataset, columns, named))
    after = extend_problem(cfg, problem, new)
    report: dict[str, Any] = {
        "run": str(run.path), "events": len(events), "new pairs": len(new.users),
        "repeated or known": new.repeated, "new users": len(new.user_ids), "new items": len(new.item_ids),
    }  # fmt: skip
    scorer, how = update_scorer(cfg, problem, after, new, run)
    report |= how
    model = to_served_model(run, cfg, after, scorer)
    export.write(model, Path(values["out"]), OmegaConf.to_yaml(cfg))
    write_whole(Path(values["out"]) / "update.json", json.dumps(report, indent=1) + "\n", "out=")
    for key, value in report.items():
        print(f"{key}: {value}")
    print(f"written: {values['out']}")
    return 0


def _events(values: Mapping[str, str], known: SourceColumns) -> list[tuple[str, str]]:
    import polars as pl

    file = table_file(Path(values["events"]), options={})
    there = list(file.schema_of({}))
    likely = {"user": (known.user, "user", "user_id"), "item": (known.item, "item", "item_id")}
    columns = {
        role: Column(choose_column(values[role], names, there, f"events={values['events']}", role), Kind.ID)
        for role, names in likely.items()
    }
    frame = file.read(columns).frame.select(pl.col("user", "item").cast(pl.String))
    if frame.is_empty():
        raise UserError(f"events={values['events']} has no rows; wanted a user and an item in each")
    return list(frame.iter_rows())


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

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
from ltgnn.inference.finished_run import load_finished_run, to_served_model
from ltgnn.inference.new_interactions import encode_new, extend_problem
from ltgnn.inference.update import update_scorer
from ltgnn.serving import export
from ltgnn.types import Dataset, UserError

USAGE = """usage: ltgnn update run=DIR events=FILE out=FOLDER [items=FILE] [KEY=VALUE ...]

Adds new interactions, users and items to a finished run with unchanged weights, and writes the result as
an export (what `ltgnn recommend run=FOLDER` and `ltgnn.load` read). The run is not changed: give all events since
training.

  ltgnn update run=logs/train/runs/X events=today.csv out=today
  ltgnn update run=logs/train/runs/X events=today.csv items=new-goods.csv out=today

  events=FILE    CSV, TSV, Parquet or JSON Lines; ids as in the data of the run
  items=FILE     new items: the id, the fields that the text template of the run names, the numbers that it reads
keys: user=user item=item (columns of the events), item_key=item (of the items)

A new user is known by the new interactions only, a new item by its features (and its users): text and numbers
from items=FILE, vectors (features=precomputed) from the run's own file of vectors, if that has a row of the item.
"""

DEFAULTS: dict[str, str | None] = {
    "run": None, "events": None, "out": None, "items": "", "user": "user", "item": "item", "item_key": "item",
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parsed = parse(list(sys.argv[1:] if argv is None else argv), DEFAULTS, USAGE)
    if parsed is None:
        return 0
    values, _ = parsed
    if Path(values["out"]).exists():
        raise UserError(f"out={values['out']} is there already: give a new name, or remove it.")
    run, cfg, problem = load_finished_run(values["run"])
    events = _events(values)
    new = encode_new(problem.dataset, problem.split.train, events, _items(values, problem.dataset))
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


def _events(values: Mapping[str, str]) -> list[tuple[str, str]]:
    import polars as pl

    columns = {"user": Column(values["user"], Kind.ID), "item": Column(values["item"], Kind.ID)}
    frame = (
        table_file(Path(values["events"]), options={})
        .read(columns)
        .frame.select(pl.col("user", "item").cast(pl.String))
    )
    if frame.is_empty():
        raise UserError(f"events={values['events']} has no rows; wanted a user and an item in each")
    return list(frame.iter_rows())


def _items(values: Mapping[str, str], dataset: Dataset) -> dict[str, dict[str, Any]]:
    import polars as pl

    if not values["items"]:
        return {}
    file = table_file(Path(values["items"]), options={})
    columns = {"id": Column(values["item_key"], Kind.ID)}
    columns |= {name: Column(name, Kind.TEXT, required=False) for name in dataset.item_fields}
    there = file.schema_of({})  # empty where each row names its own
    columns |= {
        name: Column(name, Kind.NUMBER, required=False) for name in dataset.item_numbers if name in there or not there
    }
    frame = file.read(columns).frame.with_columns(pl.col("id").cast(pl.String))
    ids = frame["id"].to_list()
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise UserError(f"items={values['items']}: the id '{twice}' is in several rows; keep one of them")
    rows = frame.drop("id").with_columns(pl.col(pl.String).fill_null("")).iter_rows(named=True)
    return dict(zip(ids, rows, strict=True))


if __name__ == "__main__":
    raise SystemExit(main())

"""Fresh events, users and items into a finished model, without retraining: ``ltgnn update run=DIR events=FILE``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from ltgnn.build import Setting, fit_closed_form, is_closed_form
from ltgnn.command import parse
from ltgnn.data.columns import Column, Kind
from ltgnn.data.sources.table import table_file
from ltgnn.folding import Folder
from ltgnn.grown import Fresh, fresh, grown, whole
from ltgnn.paths import write_whole
from ltgnn.served import finished, served
from ltgnn.serving import exported
from ltgnn.trained import load
from ltgnn.types import Dataset, Mistake, Scorer

USAGE = """usage: ltgnn update run=DIR events=FILE out=FOLDER [items=FILE] [KEY=VALUE ...]

Takes new interactions, new users and new items into a finished run, its weights as they are, and writes the result as
an export (what `ltgnn recommend run=FOLDER` and `ltgnn.load` read). The run is not changed: give all events since
training.

  ltgnn update run=logs/train/runs/X events=today.csv out=today
  ltgnn update run=logs/train/runs/X events=today.csv items=new-goods.csv out=today

  events=FILE    CSV, TSV, Parquet or JSON Lines; ids as in the data of the run
  items=FILE     new items: the id, and the fields that the text template of the run names
keys: user=user item=item (columns of the events), item_key=item (of the items)

A new user is known by the new interactions alone, a new item by its text (and whoever took it).
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
        raise Mistake(f"out={values['out']} is there already: give a new name, or remove it.")
    run, cfg, setting = finished(values["run"])
    events = _events(values)
    new = fresh(setting.dataset, setting.split.train, events, _items(values, setting.dataset))
    after = grown(cfg, setting, new)
    report: dict[str, Any] = {
        "run": str(run.path), "events": len(events), "new pairs": len(new.users),
        "repeated or known": new.repeated, "new users": len(new.user_ids), "new items": len(new.item_ids),
    }  # fmt: skip
    scorer, how = folded(cfg, setting, after, new, run)
    report |= how
    model = served(run, cfg, after, scorer)
    exported.write(model, Path(values["out"]), OmegaConf.to_yaml(cfg))
    write_whole(Path(values["out"]) / "update.json", json.dumps(report, indent=1) + "\n", "out=")
    for key, value in report.items():
        print(f"{key}: {value}")
    print(f"written: {values['out']}")
    return 0


def folded(cfg: DictConfig, setting: Setting, after: Setting, new: Fresh, run: Any) -> tuple[Scorer, dict[str, Any]]:
    """The scorer of the grown model, and how it was made."""
    if is_closed_form(cfg):
        started = time.perf_counter()
        if cfg.score.get("fit") is not None:
            raise Mistake(
                "score.fit was chosen by a validation part that has changed: ltgnn train score.fit=null first"
            )
        scorer = fit_closed_form(cfg, after)
        return scorer, {"how": "closed form, computed again", "seconds": round(time.perf_counter() - started, 3)}
    module = load(cfg, setting, run, torch.device("cpu"))
    judge = setting.evaluators.get("val") if cfg.score.get("fit") else None
    module.scorer(judge)  # fits the strength of the dials as evaluation did
    if not Folder.possible(cfg, module):
        started = time.perf_counter()
        other = whole(cfg, setting, after, module.state_dict())
        other.score = _same_strength(other.score, module.score)
        return other.scorer(), {
            "how": "graph built anew with the same weights", "seconds": round(time.perf_counter() - started, 3)
        }  # fmt: skip
    folder = Folder(cfg, setting, module)
    started = time.perf_counter()
    encoded, update = folder.take(new, after)
    seconds = time.perf_counter() - started
    score = instantiate(cfg.score).fit(after.split.train, after.text)
    score = _same_strength(score, module.score)
    scorer = score.over(score.of(encoded))
    return scorer, {"how": "folded in", "vectors computed anew by layer": update.computed, "seconds": round(seconds, 3)}


def _same_strength(score: Any, fitted: Any) -> Any:
    """The dials of ``score`` at the strength that validation chose for the run."""
    score.factor = fitted.factor
    return score


def _events(values: Mapping[str, str]) -> list[tuple[str, str]]:
    import polars as pl

    columns = {"user": Column(values["user"], Kind.ID), "item": Column(values["item"], Kind.ID)}
    frame = table_file(Path(values["events"])).read(columns).frame.select(pl.col("user", "item").cast(pl.String))
    if frame.is_empty():
        raise Mistake(f"events={values['events']} has no rows; wanted a user and an item in each")
    return list(frame.iter_rows())


def _items(values: Mapping[str, str], dataset: Dataset) -> dict[str, dict[str, str]]:
    import polars as pl

    if not values["items"]:
        return {}
    file = table_file(Path(values["items"]))
    columns = {"id": Column(values["item_key"], Kind.ID)}
    columns |= {name: Column(name, Kind.TEXT, required=False) for name in dataset.item_fields}
    frame = file.read(columns).frame.with_columns(pl.col("id").cast(pl.String))
    ids = frame["id"].to_list()
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise Mistake(f"items={values['items']}: the id '{twice}' stands in several rows; keep one of them")
    rows = frame.drop("id").fill_null("").iter_rows(named=True)
    return dict(zip(ids, rows, strict=True))


if __name__ == "__main__":
    raise SystemExit(main())

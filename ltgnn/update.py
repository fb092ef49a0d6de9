"""Fresh events, users and items into a finished model, without retraining: ``ltgnn update run=DIR events=FILE``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from ltgnn.build import Setting, build_module, fit_closed_form, is_closed_form
from ltgnn.command import parse
from ltgnn.data.columns import Column, Kind, TableFile
from ltgnn.data.delimited import Delimited
from ltgnn.data.jsonlines import JsonLines
from ltgnn.data.parquet import Parquet
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.lightgcn import LightGCN
from ltgnn.served import finished, served
from ltgnn.serving import exported
from ltgnn.serving.incremental import Propagation, Update, among, opened
from ltgnn.text.queries import reader
from ltgnn.text.template import render
from ltgnn.trained import load
from ltgnn.types import Dataset, Encoded, Features, Interactions, Mistake, Scorer

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


@dataclass(frozen=True)
class Fresh:
    """New pairs in the numbers of the grown catalogue, and the new ids in the order of their numbers."""

    users: Tensor  # [m] int64; distinct pairs that the train part lacks
    items: Tensor  # [m] int64
    user_ids: Sequence[str]
    item_ids: Sequence[str]
    item_fields: Mapping[str, Sequence[str]]
    repeated: int = 0  # events that told nothing new


def fresh(
    dataset: Dataset,
    train: Interactions,
    events: Sequence[tuple[str, str]],
    items: Mapping[str, Mapping[str, str]],
) -> Fresh:
    """Events (user id, item id) and new items (id -> field -> text), coded; ids that are not known become new nodes."""
    users = {name: number for number, name in enumerate(dataset.user_ids)}
    goods = {name: number for number, name in enumerate(dataset.item_ids)}
    if known := [name for name in items if name in goods]:
        raise Mistake(f"items=: '{known[0]}' is an item of the run already ({len(known)} such); give new items only")
    for name in items:
        goods[name] = len(goods)
    for user, item in events:
        users.setdefault(user, len(users))
        goods.setdefault(item, len(goods))
    new_items = list(goods)[len(dataset.item_ids) :]
    codes = torch.tensor([(users[u], goods[i]) for u, i in events], dtype=torch.int64).reshape(-1, 2)
    keys = torch.unique(codes[:, 0] * len(goods) + codes[:, 1])
    keys = keys[~among(keys, train.users * len(goods) + train.items)[0]]
    fields = {name: [items.get(item, {}).get(name, "") for item in new_items] for name in dataset.item_fields}
    new_users = list(users)[len(dataset.user_ids) :]
    return Fresh(keys // len(goods), keys % len(goods), new_users, new_items, fields, len(events) - len(keys))


def grown(cfg: DictConfig, setting: Setting, new: Fresh) -> Setting:
    """The setting with the new pairs in its train part; texts of new items are read as those of the run were."""
    data, split = setting.dataset, setting.split
    num_users, num_items = data.num_users + len(new.user_ids), data.num_items + len(new.item_ids)

    def resized(part: Interactions) -> Interactions:
        return replace(part, num_users=num_users, num_items=num_items)

    old, m = split.train, len(new.users)
    times = None if old.times is None else torch.cat([old.times, old.times.max().expand(m)])
    weights = None if old.weights is None else torch.cat([old.weights, torch.ones(m)])
    train = Interactions(
        torch.cat([old.users, new.users]), torch.cat([old.items, new.items]), num_users, num_items, times, weights
    )
    keys = new.users * num_items + new.items
    val, test = (resized(part) for part in (split.val, split.test))
    val, test = (part.select(~among(keys, part.keys)[1]) for part in (val, test))
    dataset = replace(
        data,
        user_ids=[*data.user_ids, *new.user_ids],
        item_ids=[*data.item_ids, *new.item_ids],
        item_fields={name: [*column, *new.item_fields[name]] for name, column in data.item_fields.items()},
        item_numbers={
            name: torch.cat([values, torch.full((len(new.item_ids),), torch.nan)])
            for name, values in data.item_numbers.items()
        },
        user_fields={name: [*column, *([""] * len(new.user_ids))] for name, column in data.user_fields.items()},
    )
    features = setting.features
    if features is not None and new.item_ids:
        features = Features(torch.cat([features.values, _read(cfg, setting, new)]), features.card)
    groups = {name: policy(train.item_counts) for name, policy in instantiate(cfg.groups).items()}
    return Setting(dataset, replace(split, train=train, val=val, test=test), groups, features, {})


def _read(cfg: DictConfig, setting: Setting, new: Fresh) -> Tensor:
    """Features of the new items: the run's encoder, and its transform as it was fitted for training.  [n, D]"""
    data = setting.dataset
    template = cfg.data.get("template") or ". ".join(f"{{{name}}}" for name in data.item_fields)
    texts = render(template, new.item_fields) if new.item_fields else [""] * len(new.item_ids)
    if without := [item for item, text in zip(new.item_ids, texts, strict=True) if not text]:
        raise Mistake(
            f"'{without[0]}' is an item that the run does not know ({len(without)} such) and has no text: give it a "
            f"row in items=FILE with {', '.join(data.item_fields) or 'its text'}, or leave its events out"
        )
    return reader(instantiate(cfg.text), data, setting.split.train.item_counts)(texts)


def whole(cfg: DictConfig, setting: Setting, after: Setting, state: Mapping[str, Tensor]) -> Any:
    """Module of the grown setting, everything built from scratch, with the weights ``state``: the slow way.

    Rows of new users and items in the tables of ids are 0, and so is the id of an item that was cold in training.
    """
    module = build_module(cfg, after)
    grown_state, cold = {}, setting.split.train.item_counts == 0
    for name, weight in state.items():
        if name.endswith(("embedding.users", "embedding.items")):
            kind = name.rpartition(".")[2]
            if kind == "items" and cold.any() and not _embedding(module).fusion.cold_ids:
                weight = weight * ~cold[:, None]
            more = getattr(after.dataset, f"num_{kind}") - len(weight)
            weight = torch.cat([weight, weight.new_zeros(more, weight.shape[1])])
        grown_state[name] = weight
    try:
        module.load_state_dict(grown_state)
    except RuntimeError as error:
        raise Mistake(
            f"this model has weights for each user or item that cannot grow; train it again ({error})"
        ) from error
    return module.eval()


def _embedding(module: Any) -> Any:
    encoder = module.encoder
    return encoder.embedding if hasattr(encoder, "embedding") else encoder.encoder.embedding


class Folder:
    """A trained LightGCN (any fusion, any normalisation, weighted edges by event) kept open for fresh events."""

    def __init__(self, cfg: DictConfig, setting: Setting, module: Any) -> None:
        self.cfg, self.setting, self.module = cfg, setting, module
        train, graph = setting.split.train, module.graph
        encoded: Encoded = module.encoded()
        self.final = torch.cat([encoded.users, encoded.items])
        edges = (train.users, train.items, graph.strength.cpu())
        self.graph: Propagation = opened(
            edges, train.num_users, train.num_items, encoded.layers, graph.normalisation, graph.message
        )
        self.trained = train.item_counts > 0

    @staticmethod
    def possible(cfg: DictConfig, module: Any) -> bool:
        """Whether only the neighbourhood of a new event changes: a plain LightGCN without item edges and decay."""
        graph, encoder = module.graph, module.encoder
        return (
            type(encoder) is LightGCN
            and type(encoder.embedding) is NodeEmbedding
            and isinstance(encoder.embedding.features, Tensor | None)
            and not isinstance(encoder.embedding.text, torch.nn.Module)
            and type(graph) is BipartiteGraph
            and not graph.between_items
            and "decay" not in (cfg.graph.get("strength") or {})
        )

    @torch.no_grad()
    def take(self, new: Fresh, after: Setting) -> tuple[Encoded, Update]:
        """States of the grown graph; equal to a build from scratch (:func:`whole`) up to rounding."""
        embedding = self.module.encoder.embedding
        before, train = self.setting.dataset, after.split.train
        counts = train.item_counts
        graph = self.graph.grown(len(new.user_ids), len(new.item_ids))
        # whose first state may be another: new items, and items whose count a fusion may ask for
        items = torch.unique(torch.cat([new.items, torch.arange(before.num_items, train.num_items)]))
        first, rows = self._first(embedding, items, counts, after), items + train.num_users
        same = (first == graph.layers[0][rows]).all(1)
        strength = torch.ones(len(new.users), dtype=torch.float64)
        update = graph.updated(new.users, new.items, strength, first[~same], rows[~same])
        final = self.graph.spread(self.final, len(new.user_ids), len(new.item_ids))
        states = update.read_out(self.module.encoder.readout, final)
        users, goods = states.split([train.num_users, train.num_items])
        return Encoded(users, goods, update.graph.layers), update

    def _first(self, embedding: Any, items: Tensor, counts: Tensor, after: Setting) -> Tensor:
        """First states of some items.  [n] -> [n, d]"""
        ids = None
        if embedding.items is not None:
            old = items < len(embedding.items)
            ids = torch.zeros(len(items), embedding.dim)
            ids[old] = embedding.items.detach()[items[old]]
            if embedding.hides_cold:
                ids[old] *= self.trained[items[old], None]
        text = None if after.features is None else after.features.values[items]
        states: Tensor = embedding.fusion(ids, text, counts[items])[0]
        return states


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
    note = Path(values["out"]) / ".update.json"
    note.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    note.replace(note.with_name("update.json"))
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


def _table(path: str) -> TableFile:
    file = Path(path)
    if file.suffix in (".parquet", ".pq"):
        return Parquet(file)
    if {".jsonl", ".ndjson"} & set(file.suffixes[-2:]):
        return JsonLines(file)
    return Delimited(file, None, '"')


def _events(values: Mapping[str, str]) -> list[tuple[str, str]]:
    import polars as pl

    columns = {"user": Column(values["user"], Kind.ID), "item": Column(values["item"], Kind.ID)}
    frame = _table(values["events"]).read(columns).frame.select(pl.col("user", "item").cast(pl.String))
    if frame.is_empty():
        raise Mistake(f"events={values['events']} has no rows; wanted a user and an item in each")
    return list(frame.iter_rows())


def _items(values: Mapping[str, str], dataset: Dataset) -> dict[str, dict[str, str]]:
    import polars as pl

    if not values["items"]:
        return {}
    file = _table(values["items"])
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

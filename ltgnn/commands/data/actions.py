"""What the commands of ``ltgnn data`` do; ``__init__.py`` parses their arguments."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from omegaconf import DictConfig

from ltgnn.build import build_features, build_graph, fetch_files
from ltgnn.commands.data.importing import load_quietly
from ltgnn.config.paths import write_whole
from ltgnn.data.audit import audit, part_findings
from ltgnn.data.card import table
from ltgnn.data.difference import DatasetSide, difference, summary
from ltgnn.data.export import parts_of, write_lightgcn, write_lists, write_processed, write_recbole
from ltgnn.experiment.target import Target, catalogue, target
from ltgnn.features.read_parts import ReadPart, join_fields, read_parts
from ltgnn.types import UserError

WRITERS = {"recbole": write_recbole, "lightgcn": write_lightgcn, "processed": write_processed}


def fetch(name: str | None, overrides: Sequence[str]) -> int:
    """Obtains and verifies the files of a data set; lists the catalogue without a name."""
    if name is None:
        for key, keys in catalogue().items():
            print(f"  {key:<20}{keys['about']}")
        return 0
    found = target(name, overrides)
    folder = fetch_files(found.cfg)
    print(f"{found.cfg.data.name}: files in {folder}")
    for file in found.cfg.data.files.get("sha256", {}):
        print(f"  {file:<24}{(folder / file).stat().st_size:>14,} bytes, verified")
    print(f"licence: {found.cfg.data.licence}")
    return 0


def stats(name: str, overrides: Sequence[str], out: str | None) -> int:
    """Prints the data card; writes it and the popularity curve."""
    found = target(name, overrides)
    load_quietly(found)
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
    found = target(name, overrides)
    split_parts = found.split
    cfg: DictConfig = found.cfg.copy()
    if "item_edges" in cfg.graph:
        cfg.graph.item_edges = {}  # pairs leak, not likeness of texts
    graph = build_graph(cfg, split_parts.train, None, found.dataset.relations)
    parts = list(read_parts(build_features(cfg), found.dataset))
    counts = split_parts.train.item_counts
    if not any(part.texts is not None and not part.shared for part in parts):  # texts that another features= would read
        parts.append(_template_part(found))
    findings = audit(found.dataset, split_parts, graph, counts, None, ())
    findings += [
        finding
        for part in parts
        for finding in part_findings(
            found.dataset, split_parts, part.name, part.texts, part.fields, part.shared, part.vectors
        )
    ]
    left = [finding for finding in findings if not any(finding.check.startswith(word) for word in allow)]
    print(f"{found.dataset.name}, {split_parts.name}, fingerprint {split_parts.fingerprint[:16]}")
    for finding in findings:
        print(f"  {'FOUND' if finding in left else 'allowed'}  {finding}")
    if not findings:
        looked_at = [
            "parts",
            "times",
            "graph",
            "counts",
            "numbers",
            "texts",
            *(f"features '{p.name}'" for p in parts if p.name),
        ]
        print(f"  no leak found: {', '.join(looked_at)}")
    return 1 if left else 0


def diff(left: str, right: str) -> int:
    """Prints how two data sets or splits differ; 1 if they do."""
    first, *first_overrides = shlex.split(left)
    second, *second_overrides = shlex.split(right)
    with_split = any(word.startswith("split") for word in (*first_overrides, *second_overrides))
    one, two = (
        _side(target(name, overrides), label, with_split)
        for name, overrides, label in ((first, first_overrides, left), (second, second_overrides, right))
    )
    print(summary(one, two))
    lines = difference(one, two)
    for line in lines or ["the same: users, items, pairs, times, weights, texts, numbers"]:
        print(f"  {line}")
    return 1 if lines else 0


def export(name: str, overrides: Sequence[str], to: str, out: str) -> int:
    """Writes a split, or the lists of a run, for other tools."""
    found = target(name, overrides)
    if to == "lists":
        lists = Path(name) / "topk.parquet"
        if not lists.is_file():
            raise UserError(f"No file {lists}: --to lists needs the folder of a finished run.")
        write_lists(Path(out), found.dataset, pl.read_parquet(lists, glob=False))
    else:
        WRITERS[to](Path(out), found.dataset, parts_of(found.split), found.card())
    print(f"written: {out}")
    return 0


def _template_part(found: Target) -> ReadPart:
    """The texts by ``data.template``."""
    template = found.cfg.data.template
    fields = [name for name in found.dataset.item_fields if template and "{" + name in template]
    return ReadPart("", fields, join_fields(found.dataset, fields), False, None)


def _side(found: Target, label: str, with_split: bool) -> DatasetSide:
    return DatasetSide(label, found.dataset, parts_of(found.split) if with_split else found.dataset.parts)

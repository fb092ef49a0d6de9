"""A row of a paper: one yaml with the published values, their source, the files and the recipe."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltgnn.config.safe_names import name
from ltgnn.io.bounded_read import read_yaml
from ltgnn.reproduction.verdict import Published
from ltgnn.types import UserError

KEYS = {
    "title": "its title in tables",
    "source": "title, link, where (table or log), kind",
    "data": "name, sha256 (file: digest), counts (users, items, train, val, test)",
    "config": "the overrides of `ltgnn train`: a pinned recipe",
    "whole": "further overrides of the full run",
    "seeds": "in the order in which they are run",
    "selection": "test, validation or none",
    "published": "metric: value",
    "tolerance": "absolute or relative, and why",
    "hardware": "cpu or gpu: what the full run requires",
    "smoke": "words, tolerance, judged (epochs), epochs (epoch: {metric: value}); null: the source has no early values",
    "reason": "why the verdict is not PASS, or null",
}
"""The keys of a row; no others are allowed, so that a typing error is not a silent default."""

FOREIGN = re.compile(r"(hydra|logger|paths|sweep|task|trust)\b|callbacks\.")
"""Keys that no recipe of a row may set: output paths, and what else is run."""

KINDS = ("log", "readme", "csv", "paper", "transcription")
SELECTIONS = ("test", "validation", "none")


@dataclass(frozen=True)
class Plan:
    """One run of a row: its overrides, and the numbers it is compared with."""

    kind: str  # whole or smoke
    words: tuple[str, ...]
    judged: tuple[Published, ...]
    shown: tuple[Published, ...] = ()  # compared without a verdict
    file: Path = Path("row.yaml")  # where it is written, for messages


@dataclass(frozen=True)
class Row:
    """A published row. ``data``, ``source`` and ``tolerance`` are kept as in the yaml, for the record."""

    name: str
    title: str
    source: Mapping[str, str]
    data: Mapping[str, Any]
    seeds: tuple[int, ...]
    selection: str
    hardware: str
    reason: str | None
    tolerance: Mapping[str, Any]
    whole: Plan
    smoke: Plan | None

    def plan(self, smoke: bool) -> Plan:
        """The plan asked for. A recipe without epochs (selection none, no smoke values) is its own smoke test."""
        if not smoke:
            return self.whole
        if self.smoke is not None:
            return self.smoke
        if self.selection == "none":
            return self.whole
        raise UserError(f"{self.name}: the source gives no values of early epochs: omit --smoke.")


def read_all(folder: Path) -> dict[str, Row]:
    """The rows of a folder by name, the stem of the file."""
    rows = {file.stem: read_row(file) for file in sorted(folder.glob("*.yaml"))}
    if not rows:
        raise UserError(
            f"{folder} has no row: wanted yaml files as in experiments/paper. Name a folder with --rows FOLDER."
        )
    return rows


def read_row(file: Path) -> Row:
    """A row from its yaml, every key checked."""
    name(file.stem, f"{file}: the row is called")
    found = read_yaml(file.parent, file.name)
    if not isinstance(found, dict):
        raise UserError(f"{file}: a mapping wanted, with the keys {', '.join(KEYS)}.")
    if unknown := set(found) - set(KEYS):
        key = sorted(unknown)[0]
        near = difflib.get_close_matches(key, KEYS, n=1)
        raise UserError(f"{file}: unknown key '{key}'." + (f" Did you mean '{near[0]}'?" if near else ""))
    for key, meaning in KEYS.items():
        if key not in found:
            raise UserError(f"{file}: the key '{key}' is missing: {meaning}.")
    _one_of(file, "source.kind", found["source"].get("kind"), KINDS)
    _one_of(file, "selection", found["selection"], SELECTIONS)
    _one_of(file, "hardware", found["hardware"], ("cpu", "gpu"))
    words, whole = [str(word) for word in found["config"]], [str(word) for word in found["whole"]]
    refuse_open_recipe(file, (*words, *whole, *((found["smoke"] or {}).get("words") or ())))
    published = read_published(file, "tolerance", found["published"], found["tolerance"])
    smoke = None
    if found["smoke"] is not None:
        early = found["smoke"]
        numbers = {
            int(epoch): read_published(file, "smoke.tolerance", values, early["tolerance"], int(epoch))
            for epoch, values in early["epochs"].items()
        }
        judged = [int(epoch) for epoch in early.get("judged", numbers)]
        if missing := set(judged) - set(numbers):
            raise UserError(f"{file}: smoke.judged names epoch {min(missing)}, which smoke.epochs does not have.")
        smoke = Plan(
            "smoke",
            (*words, *(str(word) for word in early["words"])),
            tuple(number for epoch in judged for number in numbers[epoch]),
            tuple(number for epoch in numbers if epoch not in judged for number in numbers[epoch]),
            file,
        )
    return Row(
        name=file.stem,
        title=str(found["title"]),
        source=found["source"],
        data=found["data"],
        seeds=tuple(int(seed) for seed in found["seeds"]),
        selection=found["selection"],
        hardware=found["hardware"],
        reason=found["reason"],
        tolerance=found["tolerance"],
        whole=Plan("whole", (*words, *whole), published, file=file),
        smoke=smoke,
    )


def read_published(
    file: Path, key: str, values: Mapping[str, float], tolerance: Mapping[str, Any], epoch: int | None = None
) -> tuple[Published, ...]:
    forms = [form for form in ("absolute", "relative") if tolerance.get(form) is not None]
    if len(forms) != 1 or not tolerance.get("why"):
        raise UserError(f"{file}: {key} needs one of absolute and relative, and the reason.")
    (form,) = forms
    scale = float(tolerance[form])
    return tuple(
        Published(metric, float(value), scale if form == "absolute" else scale * abs(float(value)), epoch)
        for metric, value in values.items()
    )


def refuse_open_recipe(file: Path, words: Iterable[str]) -> None:
    """Reject overrides that set more than the recipe: rows may come from others."""
    for word in map(str, words):
        key = word.lstrip("+~").partition("=")[0]
        if word.startswith("-") or "=" not in word or FOREIGN.match(key):
            raise UserError(
                f"{file}: '{word[:200]}' is not an override of a recipe; expected KEY=VALUE of the training, not "
                "where it is kept or what else is run."
            )


def _one_of(file: Path, key: str, given: Any, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise UserError(f"{file}: {key} is '{given}', one of {', '.join(allowed)} wanted.")

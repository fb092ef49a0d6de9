"""The one reader of run folders: what a run has recorded, checked; what is damaged is named, with folder and file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ltgnn.config import older_recipes
from ltgnn.io.bounded_read import read_yaml
from ltgnn.runs.checksums import RECORD, warn_if_changed
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run import DamagedRun, Run, checked_recipe, first_line
from ltgnn.types import Damaged, UserError

T = TypeVar("T")

HUGE = 1e100
"""No number of a run is as large; nan is not below it either."""

MARKS = ("config.yaml", "overrides.yaml", "metrics.json", "env.json", "per_user.parquet", "topk.parquet")
"""Files by which a run folder is known that has lost its status.json: two of them."""


def find(places: Iterable[Path], deep: bool = True) -> list[Path]:
    """Run folders among ``places`` and below them (``deep``: at any depth, else directly): in their order, by name."""
    return list(dict.fromkeys(folder for place in places for folder in sorted(find_below(place, deep))))


def read_all(places: Sequence[Path], deep: bool = True) -> tuple[list[Run], list[DamagedRun]]:
    """Every run among ``places`` or below, and what is damaged; raises ``UserError`` where no run can be read.

    States other than finished are in ``Run.state``; such a run may have no metrics.
    """
    folders = find(places, deep)
    if not folders:
        given = ", ".join(map(str, places))
        where = "at or below" if deep else "in"
        raise UserError(f"no run folder (with a status.json) {where}: {given}. Give the folder of a run or of a sweep.")
    runs: list[Run] = []
    damaged: list[DamagedRun] = []
    for folder in folders:
        try:
            runs.append(read_run(folder))
        except DamagedRun as error:
            damaged.append(error)
    if not runs:
        raise damaged[0] if len(damaged) == 1 else Damaged("no run can be read.\n" + name_left_out(damaged))
    return runs, damaged


def read_run(folder: Path) -> Run:
    """One run; raises ``DamagedRun`` where one of its files cannot be what a run writes."""
    files = RunFolder(folder)
    try:
        status = files.read_json("status.json")
        if not isinstance(status.get("state"), str):
            missing = "has no 'state'" if status else "is missing or empty"
            raise DamagedRun(folder, f"{folder}: status.json {missing}.")
        state, error = status["state"], str(status.get("error") or "")
        note = "" if state == "finished" else f" The job is {state}{': ' + error if error else ''}."
        try:
            config = checked_recipe(folder, files.recipe())
        except Damaged as damage:
            raise DamagedRun(folder, f"{damage}{note}") from damage
        metrics = files.read_json("metrics.json")
        if state == "finished" and not metrics:
            raise DamagedRun(folder, f"{folder}: metrics.json is missing or empty, though the run has finished.")
        if state == "finished" and not {"test", "val", "selection"} & set(metrics):
            raise DamagedRun(folder, f"{folder}: metrics.json holds no numbers of a run: neither 'test' nor 'val'.")
        check_metrics(folder, metrics)
        metrics = older_recipes.metrics(metrics)
        split, card = metrics.get("fingerprint"), files.read_json("data_card.json").get("fingerprint")
        if None not in (split, card) and split != card:
            raise DamagedRun(folder, f"{folder}: metrics.json and data_card.json name different splits.")
        run = Run(folder, config, metrics, state, error, overrides(folder))
        if state == "finished":
            warn_if_changed(folder, *RECORD)
        return run
    except DamagedRun:
        raise
    except Damaged as damage:
        raise DamagedRun(folder, str(damage)) from damage


def name_left_out(damaged: Sequence[Damaged]) -> str:
    """A line for each."""
    return "\n".join(f"Left out, damaged: {first_line(error)}" for error in damaged)


def without_damaged(runs: Sequence[Run], work: Callable[[Sequence[Run]], T], damaged: list[DamagedRun]) -> T:
    """``work`` on the runs; one whose file turns out to be damaged goes to ``damaged``, and the work restarts."""
    left = list(runs)
    while True:
        try:
            return work(left)
        except DamagedRun as error:
            fewer = [run for run in left if run.folder != error.folder]
            if not fewer or len(fewer) == len(left):
                raise
            damaged.append(error)
            left = fewer


def overrides(folder: Path) -> tuple[str, ...]:
    """The overrides of the command that made the run; empty where they were not kept."""
    if not (folder / "overrides.yaml").exists():
        return ()
    found = read_yaml(folder, "overrides.yaml")
    if not isinstance(found, list):
        raise DamagedRun(folder, f"{folder}: overrides.yaml is not a list of overrides.")
    return tuple(older_recipes.overrides([str(word) for word in found]))


def check_metrics(folder: Path, metrics: Mapping[str, Any]) -> None:
    """``DamagedRun`` where metrics.json holds other kinds of values than a run writes."""
    for key, (fits, wanted) in WRITTEN.items():
        if key in metrics and not fits(metrics[key]):
            raise DamagedRun(folder, f"{folder}: metrics.json: '{key}' does not hold {wanted}.")


def _numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(type(v) in (int, float) and abs(v) < HUGE for v in value.values())


def _group_cards(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(card, dict) and isinstance(card.get("rule"), str) and _numbers(card.get("sizes"))
        for card in value.values()
    )


def _cold_items(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return _numbers({k: v for k, v in value.items() if k != "pairs"}) and {"items", "scorable"} <= set(value)


WRITTEN: dict[str, tuple[Callable[[Any], bool], str]] = {
    "test": (_numbers, "finite numbers by name"),
    "val": (_numbers, "finite numbers by name"),
    "seconds": (_numbers, "finite numbers by name"),
    "selection": (lambda value: isinstance(value, dict), "a JSON object"),
    "fingerprint": (lambda value: isinstance(value, str), "a text"),
    "groups": (_group_cards, "rule and sizes of each policy"),
    "cold_items": (_cold_items, "numbers of items"),
    "warnings": (lambda value: isinstance(value, list) and all(isinstance(w, str) for w in value), "sentences"),
}
"""Key of metrics.json -> whether a value fits, and what is wanted."""


def find_below(place: Path, deep: bool) -> Iterator[Path]:
    if _is_run(place):
        yield place
    elif not deep:
        yield from (path for path in _folders(place) if _is_run(path))
    else:
        for path in _folders(place):
            yield from find_below(path, deep)


def _folders(place: Path) -> list[Path]:
    """Those directly below; W&B's own and hidden ones are not runs."""
    try:
        with os.scandir(place) as entries:
            return [place / e.name for e in entries if e.is_dir() and e.name != "wandb" and not e.name.startswith(".")]
    except OSError:
        return []


def _is_run(place: Path) -> bool:
    return (place / "status.json").is_file() or sum((place / name).is_file() for name in MARKS) > 1

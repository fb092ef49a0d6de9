"""The rows of a table: a configuration with the mean and spread over its seeds, or a single run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ltgnn.analysis.item_groups import not_scorable
from ltgnn.analysis.labels import labels
from ltgnn.analysis.run_groups import RunGroup, repetitions
from ltgnn.runs.run import Run


@dataclass(frozen=True)
class Row:
    """Finished runs that differ only in the seed, or one run that has no result."""

    number: int
    label: str
    runs: Sequence[Run]

    @property
    def first(self) -> Run:
        return self.runs[0]

    @cached_property
    def side(self) -> RunGroup:
        return RunGroup(self.runs)

    @property
    def done(self) -> bool:
        return bool(self.first.test)

    def cell(self, name: str) -> str:
        """The value as shown; the spread only where there is one."""
        mean = self.side.mean(name)
        if mean is None:
            return "-"
        if all(not_scorable(run, name) for run in self.runs):
            return "not scorable"
        sd = self.side.sd(name)
        return short(mean) + (f" ±{short(sd)}" if sd is not None else "")

    def validation(self, name: str) -> float | None:
        """Mean of a validation value; None where a run lacks it."""
        values = [run.metrics.get("val", {}).get(name) for run in self.runs]
        return None if None in values else sum(values) / len(values)


def rows_of(runs: Sequence[Run], single: bool = False) -> list[Row]:
    """The runs by configuration, in the order of their first runs; ``single``: a row for each run."""
    finished = [run for run in runs if run.test]
    parts = [[run] for run in finished] if single else repetitions(finished)
    others = [[run] for run in runs if not run.test]
    order = {id(run): number for number, run in enumerate(runs)}
    names = dict(zip(order, labels(runs, seeds=single), strict=True))
    names |= {
        id(run): name for run, name in zip(runs, labels(runs, seeds=True), strict=True) if not run.test
    }  # what failed is one seed
    listed = sorted([*parts, *others], key=lambda part: min(order[id(run)] for run in part))
    return [Row(number, names[id(part[0])], part) for number, part in enumerate(listed)]


def splits(rows: Sequence[Row]) -> int:
    """On how many different splits the rows were tested; numbers of one cannot be compared with those of another."""
    return len({tuple(sorted({str(run.metrics.get("fingerprint")) for run in row.runs})) for row in rows if row.done})


def short(value: float) -> str:
    """Four digits after the point, no 0 before it."""
    text = f"{value:.4f}"
    return text.removeprefix("0") if value >= 0 else text

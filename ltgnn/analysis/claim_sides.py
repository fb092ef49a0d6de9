"""The two sides of a claim: different runs, and of these the ones whose files can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ltgnn.analysis.run_groups import RunGroup
from ltgnn.runs.run import DamagedRun
from ltgnn.types import UserError

T = TypeVar("T")


def refuse_same(base: RunGroup, new: RunGroup) -> None:
    """``UserError`` where a run is on both sides: its difference to itself would count as evidence."""
    again = sorted({str(run.folder.resolve()) for run in base.runs} & {str(run.folder.resolve()) for run in new.runs})
    if again:
        raise UserError(
            f"{again[0]} is on both sides{f', with {len(again) - 1} more' if len(again) > 1 else ''}: nothing can be "
            "claimed of a run against itself. Name other runs as BASE or NEW, such as FOLDER:fusion=id."
        )


def claim_readable(
    base: RunGroup, new: RunGroup, judge: Callable[[RunGroup, RunGroup], T]
) -> tuple[T, list[DamagedRun]]:
    """The claim on the runs whose files can be read, and the others; raises where a side has none left."""
    damaged = [*base.damaged, *new.damaged]
    while True:
        try:
            return judge(base, new), damaged
        except DamagedRun as error:
            fewer = [RunGroup([run for run in side.runs if run.folder != error.folder]) for side in (base, new)]
            if not all(side.runs for side in fewer) or len(fewer[0].runs) + len(fewer[1].runs) == len(base.runs) + len(
                new.runs
            ):
                raise
            damaged.append(error)
            base, new = fewer

"""A comparison of finished runs as ``ltgnn compare`` makes it: its keys and values found where none are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ltgnn.analysis.anova import Effect, anova
from ltgnn.analysis.comparison import Comparison, compare, name_damaged
from ltgnn.analysis.item_groups import list_length, policy_of
from ltgnn.analysis.labels import differing_keys
from ltgnn.analysis.run_groups import drop_repeated
from ltgnn.config.suggestions import find_similar
from ltgnn.config.wrong_arguments import refuse_wrong_arguments
from ltgnn.runs.reading import without_damaged
from ltgnn.runs.run import DamagedRun, Run
from ltgnn.types import UserError


def usual_values(runs: Sequence[Run], policy: str | None = None) -> list[str]:
    """Values to show unless others are asked for, of all items, of head and of tail; those that the runs have."""
    groups, k = policy_of(runs, policy), list_length(runs)
    usual = [f"ndcg@{k}", f"{groups}/head/ndcg@{k}", f"{groups}/tail/ndcg@{k}", f"coverage@{k}"]
    return [name for name in usual if any(name in run.test for run in runs)] or usual


def compare_runs(
    finished: Sequence[Run],
    left_out: Sequence[str],
    by: Sequence[str],
    baseline: Mapping[str, str],
    values: Sequence[str],
    correction: Literal["holm", "bh", "none"],
) -> tuple[list[Run], Comparison]:
    """The runs that were compared, and every configuration on every value.

    ``by``: config groups, root knobs or keys that distinguish configurations; none: all that vary. ``baseline``: what
    configurations are compared with. Closed forms that are there again, and runs that turn out to be damaged, are left
    out and named.
    """
    refuse_wrong_arguments(compare_runs, correction=correction)
    damaged: list[DamagedRun] = []

    def work(every_run: Sequence[Run]) -> tuple[list[Run], Comparison]:
        runs, again = drop_repeated(every_run)
        keys = tuple(by) or tuple(key for key in differing_keys(runs) if any(run.option(key) != "-" for run in runs))
        for key in by:
            if all(run.option(key) == "-" for run in runs):
                groups = list(runs[0].config.get("choices", {}))
                near = find_similar(key, groups)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise UserError(f"--by {key}: no run has that.{hint} Config groups are {', '.join(groups)}")
        gone = [*left_out, *name_damaged(damaged), *again]
        return runs, compare(runs, keys, values, baseline, correction, gone)

    return without_damaged(finished, work, damaged)


def variance(table: Comparison, runs: Sequence[Run]) -> dict[str, list[Effect]]:
    """The analysis of variance of each value, a run as the unit."""
    found = {}
    for name in table.names:
        there = [run for run in runs if name in run.test]
        words = {key: [run.option(key) for run in there] for key in table.keys}
        found[name] = anova([run.test[name] for run in there], words)
    return found

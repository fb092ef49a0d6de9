"""Which runs belong together: repetitions with other seeds on one side, and the same splits on two sides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ltgnn.runs.run import Run
from ltgnn.types import UserError


def differing(runs: Sequence[Run]) -> list[str]:
    """Keys of the recipe that make the runs more than repetitions of each other with other seeds."""
    recipes = [(run.seed, run.repeated) for run in runs]
    return [
        key
        for key in sorted({key for _, recipe in recipes for key in recipe})
        if len({recipe.get(key) for _, recipe in recipes}) > 1 and any(recipe.get(key) != s for s, recipe in recipes)
    ]


def check_alike(spec: str, runs: Sequence[Run]) -> None:
    """Reject runs that are not repetitions of each other."""
    different = differing(runs)
    if different:
        axes = [
            axis
            for axis in runs[0].config.get("choices", {})
            if len({str(r.config["choices"].get(axis)) for r in runs}) > 1
        ]
        hint = ",".join(f"{axis}={runs[0].config['choices'][axis]}" for axis in axes) or f"{different[0]}=..."
        raise UserError(
            f"'{spec}' holds {len(runs)} runs that differ in more than the seed: {', '.join(axes or different[:8])}. "
            f"Choose one configuration, such as {spec.split(':')[0]}:{hint}"
        )
    seen: dict[str, Path] = {}
    for run in runs:
        if run.seed in seen:
            raise UserError(f"'{spec}' holds seed {run.seed} twice: {seen[run.seed]} and {run.folder}. Omit one.")
        seen[run.seed] = run.folder


def pair_by_split(base: Sequence[Run], new: Sequence[Run]) -> tuple[list[Run], list[Run], str]:
    """The runs of each side whose seed and split are on the other side, too, and a sentence about those left out.

    For seeds that have a split each (``split.seed='${seed}'``); all runs, where all have one split or nothing pairs up.
    """
    split = [{(run.seed, run.fingerprint) for run in side} for side in (base, new)]
    one = len({fingerprint for side in split for _, fingerprint in side}) == 1
    if one or split[0] == split[1] or not (common := split[0] & split[1]):
        return list(base), list(new), ""
    kept = [[run for run in side if (run.seed, run.fingerprint) in common] for side in (base, new)]
    alone = {run.seed for run in (*base, *new)} - {seed for seed, _ in common}
    gone = ", ".join(sorted(alone, key=lambda seed: (len(seed), seed)))
    return kept[0], kept[1], f"each seed has its own split; seeds that only one side has are left out: {gone}"
